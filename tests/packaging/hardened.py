#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is every program and library in a folder built so that a mistake in it is hard to use?

Usage: hardened.py FOLDER [OBJECTS]
Position independent (but for what FIXED names), full RELRO, no executable stack, nothing writable that is executable, no search path, guarded stacks
and fortified calls. The last two cannot be told of a static program, where the C library has both: OBJECTS is a folder of
the object files it was made from; without, they are not looked at.
"""
import os
import re
import subprocess
import sys

# Static at fixed addresses; guestprobe/meson.build says why. Nothing is bound when it is loaded.
FIXED = {'guestprobe'}
GUARD = re.compile(r'\b__stack_chk_fail\b')
FORTIFIED = re.compile(r'\b__\w+_chk\b')


def readelf(path, *parts):
    done = subprocess.run(['readelf', '--wide', *parts, path], capture_output=True, text=True, check=True, env={'LC_ALL': 'C'})
    return done.stdout


def is_elf(path):
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, 'rb') as file:
        return file.read(4) == b'\x7fELF'


def elf_files(folder):
    return sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
                  if is_elf(os.path.join(where, name)))


def is_static(path):
    return 'NEEDED' not in readelf(path, '--dynamic')


def undefined_symbols(path):
    return '\n'.join(re.findall(r' UND (\S+)', readelf(path, '--symbols')))


def linked_faults(path):
    """What the linker decides."""
    header, segments, dynamic = (readelf(path, part) for part in ('--file-header', '--program-headers', '--dynamic'))
    stack = re.search(r'^ +GNU_STACK .* (\S+) +\S+$', segments, re.M)
    loads = re.findall(r'^ +LOAD +(?:0x\w+ +){5}([RWE ]+?) +0x\w+$', segments, re.M)
    fixed = os.path.basename(path) in FIXED and 'no dynamic section' in dynamic
    if not fixed and not re.search(r'Type: +DYN', header):
        yield 'not position independent'
    if 'GNU_RELRO' not in segments:
        yield 'no RELRO'
    if not fixed and not re.search(r'BIND_NOW|FLAGS_1\).* NOW', dynamic):
        yield 'binds lazily: RELRO is not full'
    if not stack or 'E' in stack.group(1):
        yield 'executable stack'
    if not loads or any('W' in flags and 'E' in flags for flags in loads):
        yield 'a segment is writable and executable'
    if re.search(r'\((RPATH|RUNPATH)\)', dynamic):
        yield 'looks for libraries where its build says'
    if 'TEXTREL' in dynamic:
        yield 'its code is written to when it is loaded'


def compiled_faults(symbols):
    """What the compiler decides, by the symbols that were left to the C library."""
    if not GUARD.search(symbols):
        yield 'no stack is guarded'
    if not FORTIFIED.search(symbols):
        yield 'no call is fortified'


def faults_of(path, objects=None):
    faults = list(linked_faults(path))
    if not is_static(path):
        return faults + list(compiled_faults(undefined_symbols(path)))
    if objects:
        return faults + list(compiled_faults('\n'.join(undefined_symbols(name) for name in elf_files(objects))))
    return faults


def check(folder, objects=None):
    """The number of those with a fault; each is told."""
    names, bad = elf_files(folder), 0
    for path in names:
        faults = faults_of(path, objects)
        bad += bool(faults)
        print(f'{"not ok" if faults else "ok"} - {os.path.basename(path)} is hardened' + ''.join(f'\n    {fault}' for fault in faults))
    if not names:
        print(f'not ok - {folder} has programs')
    return bad or not names


if __name__ == '__main__':
    sys.exit(1 if check(*sys.argv[1:3]) else 0)
