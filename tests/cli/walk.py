#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks a program and each of its commands: help, version, and what happens to a wrong word.

Usage: walk.py PROGRAM VERSION
The commands are those that the program's own --help lists.
"""
import os
import re
import subprocess
import sys

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + detail.strip().replace('\n', '\n    '))


def run(program, *words):
    return subprocess.run([program, *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False, env={**os.environ, 'COLUMNS': '80'})


def shown(result):
    return f'exit {result.returncode}\nstdout: {result.stdout}\nstderr: {result.stderr}'


def check_help(program, words):
    result = run(program, *words, '--help')
    name = ' '.join([os.path.basename(program), *words, '--help'])
    check(name + ' answers on standard output',
          result.returncode == 0 and result.stdout.startswith('Usage:') and not result.stderr, shown(result))
    return result.stdout


def check_refusal(program, words, prefix, mentions):
    """Wrong usage: exit 2, nothing on standard output, one message that names the wrong word."""
    result = run(program, *words)
    name = ' '.join([os.path.basename(program), *words])
    check(name + ' is refused as wrong usage',
          result.returncode == 2 and not result.stdout and result.stderr.startswith(prefix + ': ')
          and all(word in result.stderr for word in mentions), shown(result))


def said_alone(program, words):
    """What it says without any argument; one that goes on until a signal comes has no actions."""
    with subprocess.Popen([program, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            return process.communicate(timeout=3)[1]
        except subprocess.TimeoutExpired:
            process.terminate()
            return process.communicate(timeout=60)[1]


def check_command(program, words):
    """A command, and each of its actions where it wants one ("want one of show, set")."""
    words_text = ' '.join([os.path.basename(program), *words])
    check_help(program, words)
    actions = re.search(r'want one of ([a-z, ]+)', said_alone(program, words))
    if not actions:
        check_refusal(program, [*words, '--frobnicate'], words_text, ['--frobnicate'])
        return
    check_refusal(program, [*words, '--frobnicate'], words_text, ['--help'])
    for action in actions.group(1).split(', '):
        check_help(program, [*words, action.strip()])
        check_refusal(program, [*words, action.strip(), '--frobnicate'], words_text, ['--frobnicate'])


def commands_of(text):
    before_options = re.split(r'^(?:Options|.*Options.*):', text, maxsplit=1, flags=re.M)[0]
    return re.findall(r'^  ([a-z][a-z-]*)  +\S', before_options, re.M)


def main():
    program, version = sys.argv[1:3]
    base = os.path.basename(program)
    text = check_help(program, [])

    result = run(program, '--version')
    check(f'{base} --version says which',
          result.returncode == 0 and result.stdout.startswith(base) and version in result.stdout, shown(result))
    check_refusal(program, ['--frobnicate'], base, ['--frobnicate'])

    commands = commands_of(text)
    if re.search(r'^Usage: .*[^\[]COMMAND', text):
        check(f'{base} --help lists its commands', commands, text)
        check(f'{base} --help says what exit codes mean', 'Exit codes' in text, text)
    if commands:
        check_refusal(program, [], base, ['--help'])
        check_refusal(program, ['frobnicate'], base, ['frobnicate'])
        longest = max(commands, key=len)
        check_refusal(program, [longest[:-1]], base, [longest])
    for command in commands:
        check_command(program, [command])
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
