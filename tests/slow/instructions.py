#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many instructions the hot paths take, counted by callgrind: the same on every run, so that what
bench/ measures cannot get slower unnoticed.

Usage: instructions.py BUILD SOURCE
Fails when one takes over a tenth more than tests/golden/instructions.json says; UPDATE_GOLDEN=1 writes that
file anew. The figures hold for one compiler and one kind of build; with another the test is skipped.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
REGRESSION = 1.1
EVENTS = 'task-clock,context-switches,cpu-migrations,page-faults'
# meson has freed memory filled, which costs instructions.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != 'MALLOC_PERTURB_'}
VCPUS, GUESTS, LOOKS, PINGS, STEPS = 16, 100, 3, 2000, 200000


def skip(reason):
    print('SKIP: ' + reason)
    sys.exit(SKIPPED)


def instructions(command, function=None, text=None):
    """All of a command, or those that `function` and what it calls take."""
    collect = ['--toggle-collect=' + function] if function else []
    done = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', *collect, *command],
                          input=text, capture_output=True, text=True, check=False, timeout=300, env=ENVIRONMENT)
    counted = re.search(r'Collected\s*: (\d+)', done.stderr)
    if done.returncode != 0 or not counted or int(counted[1]) == 0:
        sys.exit(f'{command[0]} under callgrind ({function or "all"}): exit {done.returncode}\n{done.stderr}')
    return int(counted[1])


def rows(path):
    with open(path, encoding='utf-8') as file:
        return sum(1 for line in file if line.strip() and not line.startswith('#'))


def stat_window(build, folder):
    """hostctl stat: one vCPU's window read and printed."""
    name, out = f'count-{os.getpid()}', folder + '/stat'
    with subprocess.Popen([build + '/tests/fake_qemu', '-name', f'guest={name},debug-threads=on', str(VCPUS), '0', '20',
                           '20000'], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guest:
        assert guest.stdout.readline() == b'ready\n'
        try:
            total = instructions([build + '/hostctl/hostctl', 'stat', '-x,', '-I', '50', '-e', EVENTS, '--for', '2', '-o',
                                  out, name], 'stat_watch_print')
        finally:
            guest.stdin.close()
    return total / (rows(out) / 5)


def probe_window(build, folder):
    """guestprobe: one window read and printed."""
    out = folder + '/probe'
    total = instructions([build + '/guestprobe/guestprobe', '-x,', '-I', '50', '-e', EVENTS, '--source', 'software',
                          '--for', '2', '-o', out], 'print_window')
    return total / (rows(out) / 4)


def view_guest(build, folder):
    """top and exporter: one guest looked at."""
    sys.path.insert(0, os.path.join(os.path.abspath(sys.argv[2]), 'bench'))
    import node_tree  # pylint: disable=import-error,import-outside-toplevel
    node_tree.make(folder + '/node', GUESTS)
    total = instructions([build + '/bench/host_view', folder + '/node', str(LOOKS), 'kept'], 'node_watch_take')
    return total / (GUESTS * (LOOKS + 1))


def validate_window(build, folder):
    """correlate validate: one window more."""
    totals = []
    for seconds in (100, 200):
        path = f'{folder}/{seconds}.db'
        subprocess.run([build + '/tests/make-synthetic', path, f'measure_seconds={seconds}', 'repeats=1'], check=True)
        totals.append(instructions([build + '/correlate/correlate', 'validate', '--json', path]))
    return (totals[1] - totals[0]) / (10 * 100)


def clock_ping(build, folder):
    """correlate's clock fit: one ping more."""
    totals = []
    for pings in (PINGS, 2 * PINGS):
        text = ''.join(f'{1000000 * i} {1000000 * i + 40000 + 7919 * i % 9000} {1000000 * i + 50000} '
                       f'{1000000 * i + 100000 + 104729 * i % 9000}\n' for i in range(pings))
        totals.append(instructions([build + '/bench/clock_map'], text=text + '5000000\n'))
    return (totals[1] - totals[0]) / PINGS


def model_step(build, folder):
    """emupmu: one block and one load that the filter does not know."""
    few, many = (instructions([build + '/bench/model_steps', str(n)]) for n in (STEPS, 2 * STEPS))
    return (many - few) / STEPS


COUNTS = (stat_window, probe_window, view_guest, validate_window, clock_ping, model_step)


def built_with(build):
    with open(build + '/meson-info/intro-buildoptions.json', encoding='utf-8') as file:
        options = {option['name']: option['value'] for option in json.load(file)}
    if options['b_sanitize'] != 'none':
        skip('a sanitized build counts the sanitizer')
    compiler = subprocess.run(['cc', '-dumpfullversion'], capture_output=True, text=True, check=False).stdout.strip()
    return f'cc {compiler}, {os.uname().machine}, {options["buildtype"]}'


def main():
    build, source = os.path.abspath(sys.argv[1]), sys.argv[2]
    golden_path = source + '/tests/golden/instructions.json'
    if not shutil.which('valgrind'):
        skip('valgrind is not installed')
    kind = built_with(build)
    update = os.environ.get('UPDATE_GOLDEN')
    golden = {}
    if not update:
        with open(golden_path, encoding='utf-8') as file:
            golden = json.load(file)
        if golden['build'] != kind:
            skip(f'the figures are for {golden["build"]}, and this is {kind}')
    found, passed = {}, True
    for count in COUNTS:
        with tempfile.TemporaryDirectory(dir='/dev/shm', prefix='count-') as folder:
            found[count.__name__] = round(count(build, folder))
        before = golden.get('instructions', {}).get(count.__name__)
        good = bool(update) or (before is not None and found[count.__name__] <= REGRESSION * before)
        passed = passed and good
        print(f'{"ok" if good else "not ok"} - {count.__doc__} {found[count.__name__]} instructions, '
              f'{"no figure before" if before is None else f"{before} before"}')
    if update:
        with open(golden_path, 'w', encoding='utf-8') as file:
            json.dump({'build': kind, 'instructions': found}, file, indent=2)
            file.write('\n')
    elif not passed:
        print('If the work is worth it: UPDATE_GOLDEN=1 tests/slow/instructions.py BUILD SOURCE')
    return 0 if passed else 1


if __name__ == '__main__':
    sys.exit(main())
