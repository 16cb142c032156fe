#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exporter's systemd unit: systemd takes it, its options exist, and the rights it gives are enough.

Usage: unit.py UNIT HOSTCTL
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
EXPOSED_AT_MOST = 2.5  # of 10, as systemd-analyze security counts

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    '))


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def check_systemd(unit, hostctl):
    if not shutil.which('systemd-analyze'):
        print('# systemd-analyze is not here: the unit is not verified')
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/insideout-exporter.service'
        with open(unit, encoding='utf-8') as source, open(path, 'w', encoding='utf-8') as copy:
            copy.write(re.sub(r'(?m)^ExecStart=\S+', 'ExecStart=' + hostctl, source.read()))
        code, text = run('systemd-analyze', 'verify', '--man=no', path)
        check('systemd takes the unit', code == 0 and 'Unknown' not in text, text)
        code, text = run('systemd-analyze', 'security', '--offline=true', path)
        level = re.search(r'Overall exposure level.*?: ([\d.]+)', text)
        check(f'it is exposed at most {EXPOSED_AT_MOST} of 10', level and float(level[1]) <= EXPOSED_AT_MOST, text[-300:])


def check_options(text, hostctl):
    line = re.search(r'(?m)^ExecStart=(.*)', text)[1].split()
    _, help_text = run(hostctl, 'exporter', '--help')
    for option in (word for word in line if word.startswith('--')):
        check(f'{option} is an option of hostctl exporter', option in help_text, help_text)


def check_rights(text, hostctl):
    """As the unit's user without a name: an ordinary one, with its capabilities and no others."""
    if os.geteuid() != 0 or not shutil.which('setpriv'):
        print('# needs root and setpriv: the rights are not tried')
        return
    given = re.search(r'(?m)^AmbientCapabilities=(.*)', text)[1].lower().replace('cap_', '').split()
    caps = ','.join(['-all'] + ['+' + name for name in given])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        shutil.copy(hostctl, folder + '/hostctl')
        code, metrics = run('setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups', '--no-new-privs',
                            '--inh-caps', caps, '--ambient-caps', caps, '--bounding-set', caps,
                            folder + '/hostctl', 'exporter', '--once', '--no-ring', '-i', '1')
    check('it serves with the rights of the unit', code == 0 and '\ninsideout_up 1' in metrics, metrics[-500:])
    if os.path.exists('/sys/kernel/btf/vmlinux'):
        check('and tells who waits behind whom', 'insideout_source_available{source="blame"} 1' in metrics,
              '\n'.join(line for line in metrics.splitlines() if 'source_available' in line or 'hostctl' in line))


def main():
    unit, hostctl = sys.argv[1], os.path.abspath(sys.argv[2])
    with open(unit, encoding='utf-8') as file:
        text = file.read()
    check_options(text, hostctl)
    check_systemd(unit, hostctl)
    check_rights(text, hostctl)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
