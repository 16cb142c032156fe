#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The appliance: the same bytes each time, small, built once, and it boots to a talking probe.

Usage: appliance.py SOURCE-FOLDER GUESTPROBE
"""
import filecmp
import json
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
import tempfile
import time

FILES = ('vmlinuz', 'initramfs', 'manifest.json')
PORT_NAME = 'org.insideout.probe.0'
MAX_BYTES = 25 * 1000 * 1000
HELLO, BYE = 1, 15  # frame kinds, docs/wire-format.md
HEADER = struct.Struct('<HHI')
MAGIC = 0x6f69
failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name, flush=True)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    '))


def build(source, probe, out, umask, zone):
    return subprocess.run([source + '/appliance/build', '-o', out, '--guestprobe', probe], umask=umask,
                          env={**os.environ, 'TZ': zone}, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True).stdout


def start_guest(image, scratch):
    """QEMU on the image, and the host's end of the probe's port."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(scratch + '/port')
    listener.listen(1)
    listener.settimeout(60)
    with open(image + '/manifest.json', encoding='utf-8') as file:
        cmdline = json.load(file)['cmdline']
    guest = subprocess.Popen([
        'qemu-system-x86_64', '-accel', 'tcg', '-machine', 'pc', '-cpu', 'max', '-m', '128', '-no-reboot',
        '-nodefaults', '-no-user-config', '-display', 'none', '-serial', 'file:' + scratch + '/console',
        '-kernel', image + '/vmlinuz', '-initrd', image + '/initramfs', '-append', cmdline,
        '-device', 'virtio-serial-pci', '-chardev', 'socket,id=port,path=' + scratch + '/port',
        '-device', 'virtserialport,chardev=port,name=' + PORT_NAME], stdin=subprocess.DEVNULL)
    port, _ = listener.accept()
    port.settimeout(120)
    return guest, port


def receive(port, count):
    data = b''
    while len(data) < count:
        part = port.recv(count - len(data))
        if not part:
            raise ConnectionError('the guest closed its port')
        data += part
    return data


def check_boot(image, scratch):
    started = time.monotonic()
    guest, port = start_guest(image, scratch)
    try:
        magic, kind, length = HEADER.unpack(receive(port, HEADER.size))
        body = receive(port, length)
        print(f'# the probe spoke after {time.monotonic() - started:.1f} s')
        check('the probe says HELLO', (magic, kind) == (MAGIC, HELLO), (magic, kind))
        check('and what it is', b'"kernel"' in body, body)
        port.sendall(HEADER.pack(MAGIC, BYE, 0))
        check('BYE powers the guest off', guest.wait(60) == 0, guest.returncode)
    except (OSError, subprocess.TimeoutExpired) as error:
        with open(scratch + '/console', errors='replace', encoding='utf-8') as console:
            check('the guest talks', False, f'{error}\n{console.read()}')
    finally:
        guest.kill()
        guest.wait()


def main():
    source, probe = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    if not shutil.which('qemu-system-x86_64'):
        print('SKIP: qemu-system-x86_64 is not installed')
        return 77
    with tempfile.TemporaryDirectory(prefix='insideout-appliance-') as scratch:
        one, two = scratch + '/one', scratch + '/two'
        build(source, probe, one, 0o022, 'UTC')
        shutil.copy(probe, scratch + '/guestprobe')
        build(source, scratch + '/guestprobe', two, 0o077, 'Asia/Tokyo')
        for name in FILES:
            check(f'{name} has the same bytes each time', filecmp.cmp(f'{one}/{name}', f'{two}/{name}', shallow=False))
            mode = stat.S_IMODE(os.stat(f'{two}/{name}').st_mode)
            check(f'{name} is readable by everybody', mode == 0o644, oct(mode))
        size = sum(os.path.getsize(f'{one}/{name}') for name in FILES)
        check('all of it is under 25 MB', size < MAX_BYTES, size)

        before = os.stat(one + '/initramfs').st_mtime_ns
        again = build(source, probe, one, 0o022, 'UTC')
        check('building again builds nothing',
              'up to date' in again and os.stat(one + '/initramfs').st_mtime_ns == before, again)
        os.truncate(one + '/initramfs', 1000)
        build(source, probe, one, 0o022, 'UTC')
        check('a damaged file is built anew', filecmp.cmp(f'{one}/initramfs', f'{two}/initramfs', shallow=False))
        check_boot(one, scratch)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
