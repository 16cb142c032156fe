#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hostctl stat against perf stat: the same threads in the same seconds, read by one parser.

Usage: stat.py HOSTCTL FAKE-QEMU
The threads are those of a process that looks like QEMU and only burns CPU time.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

SECONDS = 10
EVENTS = 'task-clock,context-switches,cpu-migrations,page-faults'
SKIPPED = 77
GUEST = f'stat-{os.getpid()}'

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    '))


def parse_csv(text):
    """perf stat -x, --per-thread: {(thread, event): value}; whatever stands behind perf's columns is let be."""
    counts = {}
    for line in text.splitlines():
        if not line.strip() or line.startswith('#'):
            continue
        thread, value, _unit, event, runtime, percent = line.split(',')[:6]
        assert re.fullmatch(r'.+-\d+', thread) and runtime.isdigit(), line
        assert re.fullmatch(r'\d+\.\d\d', percent), line
        counts[thread, event] = None if value.startswith('<') else float(value)
    return counts


def parse_json(text):
    counts = {}
    for line in text.splitlines():
        if line.startswith('{'):
            entry = json.loads(line)
            value = entry['counter-value']
            assert isinstance(value, str) and isinstance(entry['event-runtime'], int), line
            counts[entry['thread'], entry['event']] = None if value.startswith('<') else float(value)
    return counts


def threads_of(pid):
    found = []
    for tid in sorted(os.listdir(f'/proc/{pid}/task'), key=int):
        with open(f'/proc/{pid}/task/{tid}/comm', encoding='utf-8') as file:
            if re.fullmatch(r'CPU \d+/(KVM|TCG)\n', file.read()):
                found.append(tid)
    return found


def count_with_both(hostctl, tids, form, seconds):
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = folder + '/hostctl', folder + '/perf'
        perf = subprocess.Popen(['perf', 'stat', *form, '--per-thread', '-t', ','.join(tids), '-e', EVENTS,
                                 '-o', theirs, 'sleep', str(seconds)], stdout=subprocess.DEVNULL)
        subprocess.run([hostctl, 'stat', *form, '-e', EVENTS, '--for', str(seconds), '-o', ours, GUEST], check=True,
                       timeout=seconds + 30)
        perf.wait(timeout=30)
        with open(ours, encoding='utf-8') as file:
            our_text = file.read()
        with open(theirs, encoding='utf-8') as file:
            return our_text, file.read()


def compare(what, ours, theirs, tids):
    check(f'{what}: perf has every thread and event that hostctl has',
          len(theirs) == len(tids) * len(EVENTS.split(',')) and set(theirs) <= set(ours),
          f'ours {sorted(ours)}\ntheirs {sorted(theirs)}')
    for key, wanted in sorted(theirs.items()):
        got = ours.get(key)
        if key[1] == 'task-clock':
            near = got is not None and abs(got - wanted) <= 0.01 * wanted
        else:
            near = got is not None and abs(got - wanted) <= 5 + 0.05 * wanted
        check(f'{what}: {key[0]} {key[1]} {got} is near perf\'s {wanted}', near)


def check_follow(hostctl, fake_qemu, cpu):
    """A guest that comes while we count is counted, and one that goes leaves its last window."""
    counting = subprocess.Popen([hostctl, 'stat', '-x,', '-I', '500', '-e', 'task-clock'], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    time.sleep(1)
    guest = start_guest(fake_qemu, GUEST + '-late', cpu)
    time.sleep(2.2)
    end_guest(guest)
    time.sleep(1.2)
    counting.terminate()
    out, _ = counting.communicate(timeout=30)
    times = [float(line.split(',')[0]) for line in out.splitlines() if GUEST + '-late,0' in line and 'task-clock' in line]
    check('a guest that starts while we count is counted', len(times) >= 3, out)
    check('a guest that stops is no error and leaves no line behind', counting.returncode == 0
          and times and times[-1] < 5, f'exit {counting.returncode}\n{out}')


def start_guest(fake_qemu, name, cpu):
    guest = subprocess.Popen([fake_qemu, '-name', f'guest={name},debug-threads=on', '2', str(cpu), '3000', '5000'],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert guest.stdout.readline() == b'ready\n'
    return guest


def end_guest(guest):
    guest.stdin.close()
    guest.wait(timeout=10)


def main():
    hostctl, fake_qemu = sys.argv[1:3]
    for missing, what in ((not shutil.which('perf'), 'perf is not installed'),
                          (os.geteuid() != 0, 'counting other processes needs root')):
        if missing:
            print('SKIP: ' + what)
            return SKIPPED
    cpu = max(os.sched_getaffinity(0))
    guest = start_guest(fake_qemu, GUEST, cpu)
    try:
        tids = threads_of(guest.pid)
        ours, theirs = count_with_both(hostctl, tids, ['-x,'], SECONDS)
        compare('CSV', parse_csv(ours), parse_csv(theirs), tids)
        ours, theirs = count_with_both(hostctl, tids, ['-j'], 2)
        check('JSON: perf has every thread and event that hostctl has',
              set(parse_json(theirs)) <= set(parse_json(ours)), ours + theirs)
        check_follow(hostctl, fake_qemu, cpu)
    finally:
        end_guest(guest)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
