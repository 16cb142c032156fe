#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hostctl top in a pseudo-terminal: keys, sizes, guests that come and go. top.py HOSTCTL FAKE_QEMU"""
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'support'))
from terminal import Terminal  # noqa: E402

hostctl, fake_qemu = sys.argv[1:3]
tag = str(os.getpid())
guests = {}
COLOUR = re.compile(rb'\x1b\[[0-9;]*3[1-7][;m]')  # red or yellow; the terminal's own are 39


def start(name, cpu):
    guests[name] = subprocess.Popen(
        [fake_qemu, '-name', f'guest={name}-{tag},debug-threads=on', '1', str(cpu)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    guests[name].stdout.readline()


def stop(name):
    guest = guests.pop(name)
    guest.kill()
    guest.wait()


def check_batch():
    lines = subprocess.run([hostctl, 'top', '--json', '-n', '2', '-i', '1'], check=True, capture_output=True).stdout
    looks = [json.loads(line) for line in lines.splitlines()]
    assert len(looks) == 2, looks
    names = [guest['name'] for guest in looks[1]['guests']]
    assert f'tt-a-{tag}' in names and f'tt-b-{tag}' in names, names
    a = next(guest for guest in looks[1]['guests'] if guest['name'] == f'tt-a-{tag}')
    assert a['run_ns'] > 0 and a['wait_ratio'] > 0.2, a
    table = subprocess.run([hostctl, 'top', '--batch', '-n', '1', '-i', '0.5'], check=True, capture_output=True, text=True)
    assert f'tt-a-{tag}' in table.stdout and 'VERDICT' in table.stdout, table.stdout
    no_terminal = subprocess.run([hostctl, 'top'], capture_output=True, text=True, check=False,
                                 stdin=subprocess.DEVNULL)
    assert no_terminal.returncode == 2 and '--batch' in no_terminal.stderr, no_terminal
    print('ok: --json, --batch, and no terminal')


def check_screen():
    a, b, c = (f'tt-{letter}-{tag}' for letter in 'abc')
    screen = Terminal([hostctl, 'top', '-i', '0.5'])
    text = screen.wait_for_words('GUEST', 'VERDICT', a[:12], b[:12], 'q quit')
    assert all(len(line) <= 80 for line in text.split('\n')), text
    print('ok: the list at 80 x 24')

    screen.press('sss')
    screen.press('s')
    screen.wait_for_words('by run')
    screen.press('s')
    screen.wait_for_words('by name')
    screen.press('m')
    screen.wait_for_words('WHO WAITS', 'ALL')
    screen.press('mh')
    screen.wait_for_words('instructions per cycle')
    screen.press('\x1b')
    screen.wait_for(lambda text: 'VERDICT' in text and 'instructions' not in text)
    print('ok: sort, matrix, help and back')

    screen.resize(40, 120)
    screen.wait_for(lambda text: a in text and len(text.split('\n')) == 40 and 'q quit' in text.split('\n')[39])
    screen.resize(10, 40)
    screen.wait_for(lambda text: 'q quit' in text.split('\n')[9])
    screen.resize(24, 100)
    screen.wait_for_words('VERDICT')
    print('ok: another size of the terminal')

    # Until the guest in question is the one that is looked at.
    for _ in range(100):
        screen.press('\r')
        screen.wait_for_words('WAITED FOR')
        if f'{a} ' in screen.text().split('\n')[3] + ' ':
            break
        screen.press('\x1b')
        screen.wait_for_words('VERDICT')
        screen.press('j')
    screen.wait_for_words(a, 'branch', 'process')
    stop('tt-a')
    screen.wait_for_words(f'guest {a} is gone')
    screen.press('\x1b')
    screen.wait_for(lambda text: 'VERDICT' in text and a not in text)
    start('tt-c', 1)
    screen.wait_for_words(c)
    print('ok: a guest that goes while it is shown, and one that comes')

    screen.press('f')
    screen.wait_for_words('FROZEN')
    stop('tt-c')
    screen.press('f')
    screen.wait_for(lambda text: 'FROZEN' not in text and c not in text)
    print('ok: frozen and thawed')

    screen.press('q')
    assert screen.end() == 0
    screen = Terminal([hostctl, 'top', '-i', '0.5'])
    screen.wait_for_words('VERDICT')
    os.kill(screen.pid, signal.SIGTERM)
    assert screen.end() == 0
    print('ok: ends by q and by a signal')


def painted(more):
    """What it writes to a terminal that has colours until it used one, or for some seconds."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execve(hostctl, [hostctl, 'top', '-i', '0.5'], {**os.environ, 'TERM': 'xterm', 'LC_ALL': 'C.UTF-8', **more})
    data, end = b'', time.monotonic() + 8
    while time.monotonic() < end and not COLOUR.search(data):
        if select.select([fd], [], [], 0.2)[0]:
            data += os.read(fd, 65536)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)
    return data


def check_colours():
    assert COLOUR.search(painted({'NO_COLOR': ''})), 'no colour on a terminal that has them'
    without = painted({'NO_COLOR': '1'})
    assert b'VERDICT' in without and not COLOUR.search(without), without
    print('ok: colours where there are some, none with NO_COLOR')


def main():
    if os.geteuid() != 0 or (os.cpu_count() or 1) < 2:
        print('SKIP: needs root and two CPUs')
        return 77
    try:
        start('tt-a', 1)
        start('tt-b', 1)
        check_batch()
        check_colours()
        check_screen()
    finally:
        for name in list(guests):
            stop(name)
    return 0


if __name__ == '__main__':
    sys.exit(main())
