#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of docs/ say what the tree holds. formats.py SOURCE-FOLDER

Each format's page names the version that the code has and what stays readable; docs/architecture.md names
every folder of code; links lead somewhere; the diffs of CONTRIBUTING.md fit.
"""
import os
import re
import shutil
import subprocess
import sys

# Page, how it says the version, the code that has it.
VERSIONS = (
    ('docs/plan-format.md', r'^Format version (\d+)\b', 'hostctl/run/plan.h', r'#define PLAN_FORMAT (\d+)'),
    ('docs/dataset-format.md', r'^# The dataset, format (\d+)$', 'common/dataset/schema.h', r'#define DATASET_FORMAT (\d+)'),
    ('docs/wire-format.md', r'^Format version: (\d+)$', 'common/wire/frame.h', r'#define WIRE_VERSION (\d+)'),
    ('docs/thresholds-format.md', r'^# The thresholds file, format (\d+)$', 'common/judge/threshold.h', r'#define THRESHOLDS_FORMAT (\d+)'),
    ('docs/import-index.md', r'^# The import index, version (\d+)$', 'correlate/import_index.c', r'"version".*\.high = (\d+)'),
    ('docs/ring-format.md', r'^Ring version: (\d+)\.', 'hostctl/ring/ring_record.h', r'#define RING_VERSION (\d+)'),
    ('docs/counter-page.md', r'^Layout version: (\d+)\.', 'emupmu/page.h', r'#define EMUPMU_PAGE_VERSION (\d+)'),
    ('docs/counter-page.md', r'Model version: (\d+)\.', 'emupmu/model.h', r'#define EMUPMU_MODEL_VERSION (\d+)'),
)
PROMISE = '\n## What stays readable\n'
PRODUCTS = ('common', 'guestprobe', 'hostctl', 'correlate', 'emupmu', 'appliance')
LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')

failures = 0
source = sys.argv[1]


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    '))


def read(path):
    with open(os.path.join(source, path), encoding='utf-8') as file:
        return file.read()


def check_versions():
    for page, said, code, held in VERSIONS:
        in_page, in_code = re.search(said, read(page), re.M), re.search(held, read(code), re.M)
        check(f'{page} has the version of {code}', in_page and in_code and in_page.group(1) == in_code.group(1),
              f'page: {in_page and in_page.group(0)}\ncode: {in_code and in_code.group(0)}')
    pages = {page for page, *_ in VERSIONS} | {f'docs/{name}' for name in os.listdir(os.path.join(source, 'docs'))
                                                if name.endswith('-format.md')}
    for page in sorted(pages):
        check(f'{page} says what stays readable', PROMISE in read(page))


def check_journal():
    code, page = read('hostctl/knob/journal_line.c'), read('docs/journal-format.md')
    kinds = re.findall(r'\[JOURNAL_\w+\] = "(\w+)"', code)
    keys = re.findall(r'\{ "(\w+)", offsetof', code)
    for word in kinds + keys:
        check(f'docs/journal-format.md tells about {word}', f'`{word}`' in page)
    check('the journal has kinds and keys', kinds and keys)


def code_folders():
    for product in PRODUCTS:
        for folder, _, names in os.walk(os.path.join(source, product)):
            if any(name.endswith(('.c', '.h', '.sh')) or name == 'init' for name in names):
                yield os.path.relpath(folder, source)


def check_architecture():
    page = read('docs/architecture.md')
    named = set(re.findall(r'^\| `([\w/]+)` \|', page, re.M))
    here = set(code_folders())
    check('docs/architecture.md names every folder of code', here <= named, sorted(here - named))
    check('docs/architecture.md names no folder that is not there',
          all(os.path.isdir(os.path.join(source, name)) for name in named),
          [name for name in named if not os.path.isdir(os.path.join(source, name))])


def check_links():
    pages = ['README.md', 'CONTRIBUTING.md', 'appliance/README.md']
    for folder, _, names in os.walk(os.path.join(source, 'docs')):
        pages += [os.path.relpath(os.path.join(folder, name), source) for name in names if name.endswith('.md')]
    for page in sorted(pages):
        broken = [link for link in LINK.findall(read(page)) if not re.match(r'[a-z]+:', link)
                  and not os.path.exists(os.path.join(source, os.path.dirname(page), link))]
        check(f'the links of {page} lead somewhere', not broken, broken)


def check_index():
    """docs/README.md leads to every page, and the architecture's picture names every product."""
    index = set(LINK.findall(read('docs/README.md')))
    pages = {name for name in os.listdir(os.path.join(source, 'docs')) if name.endswith(('.md', '.json'))} - {'README.md'}
    check('docs/README.md leads to every page of docs/', pages <= index, sorted(pages - index))
    picture = re.search(r'^```\n(.*?)^```$', read('docs/architecture.md'), re.M | re.S).group(1)
    programs = {name for name in PRODUCTS if os.path.exists(os.path.join(source, name, 'main.c'))} | {'emupmu'}
    check('the picture of docs/architecture.md has every program', all(name in picture for name in programs), picture)


def check_diffs():
    """Those of CONTRIBUTING.md go onto the tree, lines moved or not."""
    if not shutil.which('patch'):
        print('ok - the diffs of CONTRIBUTING.md # SKIP patch is not installed')
        return
    diffs = re.findall(r'^```diff\n(.*?)^```$', read('CONTRIBUTING.md'), re.M | re.S)
    check('CONTRIBUTING.md shows diffs', len(diffs) >= 4, len(diffs))
    for diff in diffs:
        name = re.search(r'^\+\+\+ b/(.*)$', diff, re.M).group(1)
        result = subprocess.run(['patch', '-p1', '--dry-run', '--force', '--fuzz=3'], cwd=source, input=diff, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        check(f'the diff of CONTRIBUTING.md that begins with {name} fits', result.returncode == 0, result.stdout)


check_versions()
check_diffs()
check_journal()
check_architecture()
check_links()
check_index()
sys.exit(1 if failures else 0)
