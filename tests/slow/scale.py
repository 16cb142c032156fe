#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory does not grow with a run's length, and time grows no faster than it.

Usage: scale.py CORRELATE MAKE_SYNTHETIC
The same visits, five minutes and then an hour long each.
"""
import os
import subprocess
import sys
import tempfile
import time

SHORT, LONG = 300, 3600


def measure(correlate, path):
    """Seconds and KiB of `correlate validate`."""
    before = time.monotonic()
    process = subprocess.Popen([correlate, 'validate', '--json', path], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f'correlate validate failed: {status}')
    return time.monotonic() - before, usage.ru_maxrss, usage.ru_utime


def main():
    correlate, make_synthetic = sys.argv[1:3]
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (SHORT, LONG):
            path = os.path.join(folder, f'{seconds}.db')
            subprocess.run([make_synthetic, path, f'measure_seconds={seconds}', 'repeats=1'], check=True)
            wall, kib, cpu = measure(correlate, path)
            figures[seconds] = (kib, cpu)
            print(f'visits of {seconds} s, {os.path.getsize(path) >> 20} MiB: {kib >> 10} MiB, {cpu:.2f} s of CPU, {wall:.2f} s')
    more_memory = figures[LONG][0] / figures[SHORT][0]
    more_time = figures[LONG][1] / figures[SHORT][1]
    print(f'{LONG / SHORT:.0f} times as long: {more_memory:.2f} times the memory, {more_time:.1f} times the CPU time')
    # The CPU time has a fixed part, so it must grow by less than the length does.
    return 0 if more_memory < 1.25 and more_time < 1.5 * LONG / SHORT else 1


if __name__ == '__main__':
    sys.exit(main())
