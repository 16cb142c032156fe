#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive of scripts/hardware-report: what is in it, and what is not.

Usage: hardware_report.py SOURCE-FOLDER
A stand-in for hostctl says names that must not get out.
"""
import os
import subprocess
import sys
import tarfile
import tempfile

HOST = os.uname().nodename
UUID = '0f3f2c1e-7f39-4b0e-9a57-5d0c6c7b9f11'
GUEST = 'tenant-of-a-test'
SECRETS = [GUEST, '10.1.2.3', '52:54:00:aa:bb:cc', UUID, 'jane'] + ([HOST] if len(HOST) > 2 else [])
STAND_IN = f'''#!/bin/sh
case $1 in
    --version) echo "hostctl 9.9" ;;
    doctor) echo '{{"format": 1, "found": "{GUEST} and {HOST} on 10.1.2.3, 52:54:00:aa:bb:cc, {UUID}, /home/jane/x"}}'; exit 3 ;;
    selftest) echo '{{"format": 1, "pass": true}}' ;;
esac
'''
failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail))


def main():
    script = os.path.join(sys.argv[1], 'scripts', 'hardware-report')
    with tempfile.TemporaryDirectory() as place:
        stand_in = os.path.join(place, 'hostctl')
        with open(stand_in, 'w', encoding='utf-8') as file:
            file.write(STAND_IN)
        os.chmod(stand_in, 0o755)
        archive = os.path.join(place, 'report.tar.gz')
        # A process that looks like a guest's QEMU.
        with subprocess.Popen([sys.executable, '-c', 'input()', '-name', f'guest={GUEST},debug-threads=on'],
                              stdin=subprocess.PIPE) as guest:
            run = subprocess.run([script, '-o', archive, '--hostctl', stand_in], stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=60, check=False)
            guest.communicate(b'\n')
        check('makes the archive and ends with its path',
              run.returncode == 0 and run.stdout.endswith(archive + '\n'), run)
        with tarfile.open(archive) as tar:
            texts = {os.path.basename(member.name): tar.extractfile(member).read().decode()
                     for member in tar if member.isfile()}
    check('holds what both commands say, versions, and the facts of the kernel',
          {'doctor.json', 'selftest.json', 'versions', 'kernel', 'codes'} <= set(texts), set(texts))
    check('a command that fails is an answer, too', 'doctor.json: exit 3' in texts['codes'], texts['codes'])
    check('versions are told', 'hostctl 9.9' in texts['versions'], texts['versions'])
    for secret in SECRETS:
        check(f'{secret} stays here', all(secret not in text for text in texts.values()), texts['doctor.json'])
    return 1 if failures else 0


sys.exit(main())
