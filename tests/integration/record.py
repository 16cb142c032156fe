#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hostctl record beside real guests that come and go, and a guest's own perf file joined to it.

record.py HOSTCTL CORRELATE PLUGIN
"""
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import emupmu_guest  # noqa: E402

HOSTCTL, CORRELATE, PLUGIN = sys.argv[1:4]
NAMES = ('emupmu-81', 'emupmu-82', 'emupmu-83')
EVENTS = 'cycles,instructions,branch-misses'


def ask(path, sql):
    with sqlite3.connect(f'file:{path}?mode=ro', uri=True) as db:
        return db.execute(sql).fetchall()


def number(path, sql):
    return ask(path, sql)[0][0]


def start_record(path, *options):
    process = subprocess.Popen([HOSTCTL, 'record', '-o', path, *options, *NAMES],
                               stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 30
    while not os.path.exists(path) and process.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    return process


def end_record(process, how=signal.SIGTERM):
    process.send_signal(how)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0, (process.returncode, said)
    return said


class Lab(emupmu_guest.Lab):
    """Its pages lie where hostctl finds the pages of emulated counters."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='insideout-', dir='/dev/shm')
        return self

    def shared(self, cpus, number_):
        page = f'{self.folder}/page-{number_}'
        return self.start(cpus, number=number_,
                          more=('-object', f'memory-backend-file,id=page,share=on,mem-path={page},size=1M',
                                '-device', 'ivshmem-plain,memdev=page'))


def own_file(guest, path):
    """The guest counts itself for 14 s under a load that comes and goes; its windows come by the console."""
    guest.type('(while :; do timeout 2 sh -c "while :; do :; done"; sleep 2; done) &')
    # Written so that the shell's echo of the command is not taken for its output.
    guest.type(f'guestprobe --source emulated -I 500 -x, --for 14 -o /own.csv -e {EVENTS}; echo "count" "ed"')
    guest.expect('count ed')
    guest.type('cat /own.csv; echo "wri" "tten"')
    lines = []
    while not lines or 'wri tten' not in lines[-1]:
        lines.append(guest.expect('', 30))
    windows = [line for line in lines if re.match(r'[ 0-9.]+,[^,]*,[^,]*,[a-z-]+,\d+,', line)]
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(windows) + '\n')
    return len(windows)


def follows_guests_that_come_and_go(folder, lab):
    path = f'{folder}/record.db'
    first, second = lab.shared('0', 81), lab.shared('1', 82)
    for guest in (first, second):
        guest.boot()
    process = start_record(path, '-I', '250', '-e', EVENTS)
    windows = own_file(first, f'{folder}/own.csv')
    assert windows >= 60, f'the guest wrote {windows} lines'
    second.end()
    third = lab.shared('1', 83)
    third.boot()
    time.sleep(7)
    third.end()
    said = end_record(process)

    assert number(path, 'pragma integrity_check') == 'ok'
    assert ask(path, 'select command, state, counters from run') == [('record', 'complete', 'emulated')]
    assert {row[0] for row in ask(path, "select name from guest where role = 'foreign'")} == set(NAMES)
    for name in NAMES:
        rows, counted = ask(path, f"""select count(*), max(cycles) - min(cycles) from host_sample
            where guest_id = (select id from guest where name = '{name}')""")[0]
        assert rows >= 10 and counted > 0, (name, rows, counted)
    notes = {row[0] for row in ask(path, 'select text from note')}
    assert 'emupmu-82: has ended' in notes and any(text.startswith('emupmu-83: recorded, 1 vCPU') for text in notes), notes
    assert number(path, "select count(*) from visit where state = 'done' and end_raw_ns > start_raw_ns") == 1
    assert number(path, "select count(*) from memory_sample where guest_id is not null and rss_kib > 0") >= 2
    cost = re.search(r'(\d+) ticks in (\d+) s, (\d+) late; ([0-9.]+) ms CPU a tick; ([0-9.]+) MiB', said)
    assert cost and int(cost[1]) > 50, said
    print('ok: guests that come and go are recorded:', said.strip().splitlines()[-1])
    return path


def correlate(*words):
    answer = subprocess.run([CORRELATE, *words], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, (words, answer.returncode, answer.stderr)
    return answer.stdout


def correlate_takes_it(folder, path):
    listed = correlate('list', folder)
    assert re.search(r'record\.db +record .* record +complete +emulated', listed), listed
    rows = correlate('export', path, '--format', 'csv').splitlines()
    assert len(rows) > 50 and any('emupmu-81' in row for row in rows), rows[:3]
    print(f'ok: list and export take the file ({len(rows) - 1} windows)')


def joins_a_guests_own_file(folder, path):
    joined = f'{folder}/joined.db'
    said = correlate('import', f'{folder}/own.csv', '--join', path, '--guest', 'emupmu-81', '-o', joined)
    best = re.search(r'correlate best \(([0-9.]+)\), known within ([0-9.]+) s', said)
    assert best and float(best[1]) > 0.9, said
    both = ask(joined, """select count(*), sum(g.cycles), sum(g.branch_misses) from guest_window g
        where g.cycles > 0 and g.guest = 'emupmu-81'""")[0]
    assert both[0] >= 20 and both[2] > 0, both
    host = number(joined, "select max(cycles) - min(cycles) from host_sample where mode = 'guest'")
    assert abs(host / both[1] - 1) < 0.15, (host, both[1])
    print('ok: the guest finds itself in the record by its counts:', said.strip())


def main():
    why_not = emupmu_guest.why_not(PLUGIN)
    if why_not or os.geteuid() != 0 or (os.cpu_count() or 1) < 2:
        print('SKIP:', why_not or 'needs root and two CPUs')
        sys.exit(77)
    folder = tempfile.mkdtemp(prefix='record-')
    try:
        with Lab(PLUGIN) as lab:
            path = follows_guests_that_come_and_go(folder, lab)
            correlate_takes_it(folder, path)
            joins_a_guests_own_file(folder, path)
    finally:
        shutil.rmtree(folder)


main()
