#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""guestprobe --textfile as node_exporter reads it: never half a file, and metrics that promtool takes.

Usage: textfile.py GUESTPROBE
"""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

WINDOWS = 200
failures = 0


def check(name, passed, detail=''):
    global failures
    failures += not passed
    print(('ok - ' if passed else 'not ok - ') + name + ('' if passed else f': {detail}'))


def wait_for(path, process):
    while not os.path.exists(path):
        if process.poll() is not None:
            sys.exit(f'guestprobe ended with {process.returncode}')
        time.sleep(0.01)


def windows(text):
    return int(next(line for line in text.split('\n') if line.startswith('insideout_guest_windows_total ')).split()[1])


def read_many(path):
    """Reads as fast as it goes until many windows have gone by: the reads that were not whole files."""
    torn, reads, last, first = [], 0, 0, None
    while first is None or last < first + WINDOWS:
        with open(path, encoding='utf-8') as file:
            text = file.read()
        reads += 1
        families = text.count('# TYPE ')
        if not text.endswith('\n') or families != text.count('# HELP ') or families < 8:
            torn.append(text[-80:])
            continue
        if windows(text) < last:
            torn.append(f'window {windows(text)} after {last}')
        last = windows(text)
        first = first or last
    return reads, torn


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def through_node_exporter(folder):
    """What node_exporter makes of the folder; the file has no say in anything else."""
    address = f'127.0.0.1:{free_port()}'
    command = ['prometheus-node-exporter', '--web.listen-address', address, '--collector.disable-defaults',
               '--collector.textfile', '--collector.textfile.directory', folder]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                try:
                    with urllib.request.urlopen(f'http://{address}/metrics', timeout=5) as answer:
                        return answer.read().decode()
                except OSError:
                    time.sleep(0.05)
            return ''
        finally:
            process.terminate()


def main():
    if not shutil.which('promtool') or not shutil.which('prometheus-node-exporter'):
        print('SKIP: promtool and node_exporter are wanted (Debian: prometheus, prometheus-node-exporter)')
        return 77
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'guest.prom')
        thresholds = os.path.join(folder, 'thresholds.json')
        with open(thresholds, 'w', encoding='ascii') as file:
            file.write('{"format": 1, "entries": []}')
        # An umask under which another user could not read it.
        with subprocess.Popen([sys.argv[1], '--textfile', path, '-I', '10', '--source', 'software', '-e',
                               'context-switches,page-faults', '--judge', thresholds], umask=0o077, stderr=subprocess.DEVNULL) as process:
            wait_for(path, process)
            reads, torn = read_many(path)
            check(f'{reads} reads over {WINDOWS} windows saw whole files, in order', not torn, torn[:3])
            check('anybody may read it', os.stat(path).st_mode & 0o777 == 0o644, oct(os.stat(path).st_mode))
            with open(path, encoding='utf-8') as file:
                text = file.read()
            lint = subprocess.run(['promtool', 'check', 'metrics'], input=text, capture_output=True, text=True, check=False)
            check('nothing fits, and the verdict says so',
                  'insideout_guest_verdict{estimator="",verdict="unknown"} 1' in text, text[-500:])
            check('promtool check metrics finds nothing', lint.returncode == 0 and not lint.stderr, lint.stderr)
            served = through_node_exporter(folder)
            check('node_exporter serves it', 'node_textfile_scrape_error 0' in served and
                  'insideout_guest_events_total{event="context-switches",source="software"}' in served, served[-500:])
            process.send_signal(signal.SIGTERM)
            code = process.wait(30)
        check('SIGTERM ends it with 0', code == 0, code)
        check('at the end nothing is left', os.listdir(folder) == ['thresholds.json'], os.listdir(folder))
    return 1 if failures else 0


sys.exit(main())
