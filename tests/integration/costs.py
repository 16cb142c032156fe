#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many system calls a window costs: counted with strace, so the same on every machine.

Usage: costs.py HOSTCTL GUESTPROBE FAKE-QEMU
Two runs that differ in their number of windows only: what the longer one adds is the windows' own.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
VCPUS = 20
SHORT, LONG = 0.55, 2.55  # at 10 Hz: 5 and 25 windows, and the last, partial one
EVENTS = 'task-clock,context-switches,cpu-migrations,page-faults'
# A group read and a schedstat for each vCPU, and a little for the looks; its sleep and its output for the window.
HOST_CALLS_PER_VCPU, HOST_CALLS_PER_WINDOW = 2.4, 6
# Looking who runs, once a second, opens files below /proc, reads each to its end and closes it.
LOOK_CALLS = ('openat', 'close', 'getdents64', 'newfstatat', 'brk')
# A group read on each CPU and /proc/stat, the sleep, the output.
PROBE_CALLS_PER_WINDOW = 8


def calls(command):
    """Number of system calls of each kind."""
    with tempfile.NamedTemporaryFile('r', suffix='.strace') as log:
        subprocess.run(['strace', '-f', '-qq', '-c', '-U', 'name,calls', '-o', log.name, *command], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
        text = log.read()
    found = {name: int(count) for name, count in re.findall(r'^\s*(\w+)\s+(\d+)\s*$', text, re.MULTILINE)}
    found.pop('total', None)
    return found


def added(command):
    """Calls that 20 more windows cost, and no looking for guests."""
    short, long = (calls(command(seconds)) for seconds in (SHORT, LONG))
    more = {name: long.get(name, 0) - short.get(name, 0) for name in {*short, *long}}
    more['read'] = more.get('read', 0) - 2 * more.get('openat', 0)
    return {name: count for name, count in more.items() if count and name not in LOOK_CALLS}


def check(name, got, limit, detail):
    print(f'{"ok" if got <= limit else "not ok"} - {name}: {got:.2f}, at most {limit} ({detail})')
    return got <= limit


def main():
    hostctl, guestprobe, fake_qemu = sys.argv[1:4]
    if not shutil.which('strace'):
        print('SKIP: strace is not installed')
        return SKIPPED
    windows = round((LONG - SHORT) * 10)
    name = f'costs-{os.getpid()}'
    guest = subprocess.Popen([fake_qemu, '-name', f'guest={name},debug-threads=on', str(VCPUS), '0', '20', '20000'],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert guest.stdout.readline() == b'ready\n'
    try:
        host = added(lambda seconds: [hostctl, 'stat', '-x,', '-I', '100', '-e', EVENTS, '--for', str(seconds),
                                      '-o', '/dev/null', name])
    finally:
        guest.stdin.close()
        guest.wait()
    probe = added(lambda seconds: [guestprobe, '-x,', '-I', '100', '-e', EVENTS, '--source', 'software', '--for',
                                   str(seconds), '-o', '/dev/null'])
    cpus = os.cpu_count()
    passed = [
        check('hostctl stat, reading a vCPU', (host.get('read', 0) + host.get('pread64', 0)) / (windows * VCPUS),
              HOST_CALLS_PER_VCPU, host),
        check('hostctl stat, of a window', sum(host.values()) / windows,
              VCPUS * HOST_CALLS_PER_VCPU + HOST_CALLS_PER_WINDOW, host),
        check('guestprobe, of a window', sum(probe.values()) / windows, PROBE_CALLS_PER_WINDOW + cpus, probe),
    ]
    return 0 if all(passed) else 1


if __name__ == '__main__':
    sys.exit(main())
