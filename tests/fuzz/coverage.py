# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines of its module a target's corpus reaches, as clang counts them, and which inputs add to that."""
import glob
import os
import shutil
import subprocess
import tempfile

from fuzzing import build_in
from modules import MODULES

FLAGS = '-fprofile-instr-generate -fcoverage-mapping'
OPTIONS = ('-Dstatic-probe=false', '-Db_lundef=false', '-Dblame=disabled', f'-Dc_args={FLAGS}', '-Dc_link_args=-fprofile-instr-generate')
# A saved input is read by people too.
LONGEST_KEPT = 8192


def build(root, folder):
    build_in(root, folder, OPTIONS)


def corpus_of(root, name):
    return os.path.join(root, 'tests', 'fuzz', name + '-corpus')


def lines_of(root, folder, name, inputs):
    """{source: {line: reached}} of the target's module after these files or folders."""
    program = os.path.join(folder, 'tests', 'fuzz_' + name)
    with tempfile.TemporaryDirectory() as place:
        raw, merged = os.path.join(place, 'raw'), os.path.join(place, 'merged')
        subprocess.run([program, *inputs], env={**os.environ, 'LLVM_PROFILE_FILE': raw}, stdout=subprocess.DEVNULL, check=True)
        subprocess.run(['llvm-profdata', 'merge', '-sparse', raw, '-o', merged], check=True)
        text = subprocess.run(['llvm-cov', 'export', '-format=lcov', program, f'-instr-profile={merged}'],
                              capture_output=True, text=True, check=True).stdout
    return read_lcov(root, MODULES[name], text)


def read_lcov(root, sources, text):
    """Lines that hold no code are not in it; other sources are."""
    found, lines = {}, {}
    for row in text.splitlines():
        if row.startswith('SF:'):
            source = os.path.relpath(os.path.realpath(row[3:]), os.path.realpath(root))
            lines = found.setdefault(source, {}) if source in sources else {}
        elif row.startswith('DA:'):
            number, times = row[3:].split(',')[:2]
            lines[int(number)] = int(times) > 0
    return found


def reached(lines):
    return {(source, number) for source, numbers in lines.items() for number, true in numbers.items() if true}


def ranges(numbers):
    """3-5, 9"""
    spans = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ', '.join(str(a) if a == b else f'{a}-{b}' for a, b in spans)


def of_corpus(root, folder, name):
    """One row of the table."""
    corpus = corpus_of(root, name)
    lines = lines_of(root, folder, name, [corpus])
    total, there = sum(len(numbers) for numbers in lines.values()), len(reached(lines))
    missed = {source: ranges(number for number, true in numbers.items() if not true) for source, numbers in lines.items()}
    return {'target': name, 'inputs': len(os.listdir(corpus)), 'reached': there, 'lines': total,
            'percent': 100 * there / max(total, 1), 'missed': {source: text for source, text in missed.items() if text}}


def minimised(fuzzer, corpus, found):
    """The fewest found inputs that reach what libFuzzer saw, shortest first."""
    with tempfile.TemporaryDirectory() as place:
        subprocess.run([fuzzer, '-merge=1', '-rss_limit_mb=2048', place, corpus, found], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        for path in sorted(glob.glob(os.path.join(place, '*')), key=os.path.getsize):
            with open(path, 'rb') as file:
                yield file.read()


def keep(root, folder, fuzzer, name, found):
    """Takes into the corpus what reaches a line of the module that nothing there does."""
    corpus = corpus_of(root, name)
    if not os.path.isdir(found) or not os.listdir(found):
        return
    there = reached(lines_of(root, folder, name, [corpus]))
    saved = {open(path, 'rb').read() for path in glob.glob(os.path.join(corpus, '*'))}
    with tempfile.TemporaryDirectory() as place:
        candidate = os.path.join(place, 'candidate')
        for data in minimised(fuzzer, corpus, found):
            if data in saved or len(data) > LONGEST_KEPT:
                continue
            with open(candidate, 'wb') as file:
                file.write(data)
            more = reached(lines_of(root, folder, name, [candidate])) - there
            if not more:
                continue
            there |= more
            source, line = min(more)
            kept = os.path.join(corpus, f'reaches-{os.path.basename(source).removesuffix(".c")}-{line}')
            shutil.copyfile(candidate, kept)
            print(f'{name}: {os.path.relpath(kept, root)} reaches {len(more)} more lines', flush=True)
