#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release as anybody builds it, `meson setup --buildtype=release` and no flags from outside: every program that it installs is hardened.

Usage: release.py SOURCE-FOLDER
"""
import os
import subprocess
import sys
import tempfile

import hardened

INSTALLED = {'hostctl', 'guestprobe', 'correlate', 'emupmu.so'}
SOFT = ['-O1', '-U_FORTIFY_SOURCE', '-fno-stack-protector', '-no-pie', '-Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/tmp']
SOFT_SOURCE = '#include <stdio.h>\nint main(void) { char line[80]; return !fgets(line, sizeof line, stdin); }\n'

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name + ('' if passed else f'\n    {detail}'))
    failures += not passed


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        print(f'not ok - {" ".join(command)}\n{done.stdout[-3000:]}')
        sys.exit(1)


def check_soft(folder):
    """Whoever finds no fault in this program finds none in any."""
    path = f'{folder}/soft'
    run('cc', *SOFT, '-x', 'c', '-o', path, '-', input=SOFT_SOURCE)
    found = hardened.faults_of(path)
    expected = ['not position independent', 'no RELRO', 'binds lazily: RELRO is not full', 'executable stack',
                'looks for libraries where its build says', 'no stack is guarded', 'no call is fortified']
    check('a program with none of it is refused for each', found == expected, found)


def main():
    source = os.path.abspath(sys.argv[1])
    environment = {name: value for name, value in os.environ.items() if name not in ('CFLAGS', 'CPPFLAGS', 'LDFLAGS')}
    with tempfile.TemporaryDirectory(dir='/var/tmp') as folder:
        check_soft(folder)
        build, tree = f'{folder}/build', f'{folder}/tree'
        run('meson', 'setup', build, source, '--buildtype=release', '--werror', '-Dtests=false', env=environment)
        run('ninja', '-C', build)
        run('meson', 'install', '-C', build, '--no-rebuild', '--destdir', tree)
        names = {os.path.basename(path) for path in hardened.elf_files(tree)}
        check('a release installs what is looked at', names == INSTALLED, names)
        bad = hardened.check(tree, f'{build}/guestprobe')
    return 1 if failures or bad else 0


if __name__ == '__main__':
    sys.exit(main())
