# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the libFuzzer targets and runs each for a while, several at a time."""
import concurrent.futures
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import time

OPTIONS = ('-Dfuzz=true', '-Dstatic-probe=false', '-Db_lundef=false', '-Db_sanitize=address,undefined',
           '-Dc_args=-fsanitize=fuzzer-no-link')
MEMORY_LIMIT_MIB = 2048
# One input may take so long; more of it is a finding.
UNIT_SECONDS = 25


def possible():
    """A compiler alone will not do: Debian has libFuzzer in a package of its own."""
    if not all(shutil.which(program) for program in ('clang', 'llvm-cov', 'llvm-profdata')):
        return False
    folder = subprocess.run(['clang', '-print-runtime-dir'], capture_output=True, text=True, check=True).stdout.strip()
    return bool(glob.glob(os.path.join(folder, 'libclang_rt.fuzzer*.a')))


def build_in(root, build, settings):
    """Sets the folder up once, with clang, and builds the targets."""
    if not os.path.exists(os.path.join(build, 'build.ninja')):
        compiler = os.environ.get('CC', '')
        subprocess.run(['meson', 'setup', build, root, *settings], stdout=subprocess.DEVNULL, check=True,
                       env={**os.environ, 'CC': compiler if 'clang' in compiler else 'clang'})
    subprocess.run(['ninja', '-C', build, 'fuzz-targets'], stdout=subprocess.DEVNULL, check=True)


def build(root, folder):
    build_in(root, folder, OPTIONS)


def numbers(text):
    """What libFuzzer says of itself at its end."""
    executed = re.search(r'stat::number_of_executed_units:\s*(\d+)', text)
    edges = re.findall(r'cov: (\d+)', text)
    return int(executed.group(1)) if executed else 0, int(edges[-1]) if edges else 0


def fuzz_one(root, folder, name, seconds):
    """One target: what was run, and what was found (None: nothing)."""
    kept = os.path.join(folder, 'found', name)
    log = os.path.join(folder, 'found', name + '.log')
    os.makedirs(kept, exist_ok=True)
    began = time.monotonic()
    command = [os.path.join(folder, 'tests', 'fuzz_' + name), f'-max_total_time={seconds}', f'-rss_limit_mb={MEMORY_LIMIT_MIB}',
               f'-timeout={UNIT_SECONDS}', '-print_final_stats=1', f'-artifact_prefix={kept}-',
               kept, os.path.join(root, 'tests', 'fuzz', name + '-corpus')]
    with open(log, 'w+', encoding='utf-8', errors='replace') as file:
        code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False).returncode
        file.seek(0)
        text = file.read()
    executed, edges = numbers(text)
    artifact = re.search(r'Test unit written to (\S+)', text)
    found = None if code == 0 else artifact.group(1) if artifact else f'exit {code}, see {log}'
    print(f'{name}: {executed} inputs in {time.monotonic() - began:.0f} s, {edges} edges, '
          + (f'FOUND {found}' if found else 'nothing found'), flush=True)
    return {'target': name, 'seconds': round(time.monotonic() - began), 'inputs': executed, 'found': found}


def run(root, folder, names, seconds, jobs):
    """Every target in turn, `jobs` at a time."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(lambda name: fuzz_one(root, folder, name, seconds), names))


def known(path):
    """What --results has, by target."""
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as file:
        return {row['target']: row for row in json.load(file)['targets']}


def add_up(path, runs):
    rows = known(path)
    for one in runs:
        row = rows.setdefault(one['target'], {'target': one['target'], 'seconds': 0, 'inputs': 0, 'findings': 0})
        row['seconds'] += one['seconds']
        row['inputs'] += one['inputs']
        row['findings'] += one['found'] is not None
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'format': 1, 'targets': list(rows.values())}, file, indent=1)
        file.write('\n')
    print(f'{len(rows)} targets in {path}', file=sys.stderr)
