#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One program's --help, its manual pages and its completions name the same commands and options.

Usage: options.py PROGRAM BASH-COMPLETION ZSH-COMPLETION SOURCE-FOLDER
The manual page of a command with verbs is about all of its verbs.
"""
import os
import re
import shutil
import subprocess
import sys

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    '))


def check_same(name, left, right, left_name, right_name):
    check(name, left == right, f'only {left_name}: {sorted(left - right)}\nonly {right_name}: {sorted(right - left)}')


def offered_by_bash(script, words):
    """What bash offers for the last of the words."""
    lines = f"""source {script}
        COMP_WORDS=({' '.join("'" + word + "'" for word in words)}); COMP_CWORD={len(words) - 1}
        _{words[0]}; printf '%s\\n' "${{COMPREPLY[@]}}" """
    shown = subprocess.run(['bash', '--norc', '-c', lines], capture_output=True, text=True, check=True, timeout=60)
    assert not shown.stderr, shown.stderr
    return set(shown.stdout.split())


def offered_by_zsh(script, words):
    """The names in what zsh is given to offer: its own functions only print what they are called with."""
    lines = f"""_arguments() {{ print -rl -- "$@"; state=$wanted }}
        _describe() {{ print -rl -- "${{(@P)2}}" }}
        wanted=command; words=({words[0]}); source {script} >/dev/null
        _{'_'.join(words)}"""
    shown = subprocess.run(['zsh', '-f', '-c', lines], capture_output=True, text=True, check=True, timeout=60)
    assert not shown.stderr, shown.stderr
    options = {match.group(1) for match in re.finditer(r'^\*(--?[A-Za-z][a-z-]*)', shown.stdout, re.M)}
    listed = set() if '1:command:->command' not in shown.stdout else \
        {match.group(1) for match in re.finditer(r'^([a-z][a-z-]*):', shown.stdout, re.M)}
    return options, listed


def bold_options(text):
    return set(re.findall(r'\*\*(--?[A-Za-z][A-Za-z-]*)\*\*', text))


def options_of_page(text):
    """Those that the page defines (a term with ":   " below it), and those that its synopsis shows."""
    defined = set()
    for term in re.findall(r'^(\*\*-.*)\n(?=:)', text, re.M):
        defined |= bold_options(term)
    synopsis = re.search(r'^## SYNOPSIS\n(.*?)^## ', text, re.M | re.S)
    return defined, bold_options(synopsis.group(1)) if synopsis else set()


def check_page(folder, command, everywhere, program):
    name = '-'.join([program, *command.path])
    path = os.path.join(folder, name + '.md')
    check(f'{name} has a manual page', os.path.exists(path), path)
    if not os.path.exists(path):
        return
    with open(path, encoding='utf-8') as file:
        text = file.read()
    defined, in_synopsis = options_of_page(text)
    helped = set().union(*(option.spellings() for one in help_text.walk(command) for option in one.options)) \
        if command.path else set().union(*(option.spellings() for option in command.options))
    common = {'--help', '-h', '--version'}
    check_same(f'{name}(1) defines the options that --help lists', helped - common, defined - common - everywhere,
               'in --help', 'in the page')
    check(f'the synopsis of {name}(1) shows options that there are', in_synopsis <= helped | everywhere | common,
          sorted(in_synopsis - helped - everywhere - common))
    check(f'{name}(1) has a name, a synopsis and a description',
          all(f'\n## {part}\n' in text for part in ('NAME', 'SYNOPSIS', 'DESCRIPTION')) and f'\n{name} - ' in text)
    for verb in command.words if command.path else []:
        check(f'{name}(1) tells about {verb.path[-1]}', f'**{verb.path[-1]}**' in text)


def check_shells(program, command, everywhere, scripts):
    words = [program, *command.path]
    name = ' '.join(words)
    wanted = set().union(*(option.spellings() for option in command.options)) | (everywhere if command.path else set())
    listed = {word.path[-1] for word in command.words}
    offered = {option.rstrip('=') for option in offered_by_bash(scripts['bash'], [*words, '-'])}
    check_same(f'bash offers the options of {name}', wanted, offered, 'in --help', 'offered')
    if listed:
        check_same(f'bash offers the words after {name}', listed, offered_by_bash(scripts['bash'], [*words, '']),
                   'in --help', 'offered')
    if shutil.which('zsh'):
        options, words_offered = offered_by_zsh(scripts['zsh'], words)
        check_same(f'zsh offers the options of {name}', wanted, options, 'in --help', 'offered')
        check_same(f'zsh offers the words after {name}', listed, words_offered, 'in --help', 'offered')


def main():
    path, scripts, source = sys.argv[1], {'bash': sys.argv[2], 'zsh': sys.argv[3]}, sys.argv[4]
    program = os.path.basename(path)
    root = help_text.read(path)
    everywhere = set().union(*(option.spellings() for option in root.options if option.name in ('connect', 'root')), set())
    if not shutil.which('zsh'):
        print('ok - zsh # SKIP zsh is not installed')
    for command in help_text.walk(root):
        if len(command.path) < 2:
            check_page(os.path.join(source, 'docs', 'man'), command, everywhere if command.path else set(), program)
        check_shells(program, command, everywhere, scripts)
    pages = {name[:-3] for name in os.listdir(os.path.join(source, 'docs', 'man')) if name.startswith(program)
             and name.endswith('.md')}
    check_same(f'no page is about a command that {program} has not',
               {'-'.join([program, *word.path]) for word in [root, *root.words]}, pages, 'in --help', 'in docs/man')
    if root.words:
        with open(os.path.join(source, 'docs', 'man', program + '.md'), encoding='utf-8') as file:
            text = file.read()
        for word in root.words:
            check(f'{program}(1) names {word.path[0]}', f'{program}-{word.path[0]}' in text)
    return 1 if failures else 0


sys.path.insert(0, os.path.join(sys.argv[4], 'contrib', 'completions'))
sys.dont_write_bytecode = True
import help_text  # noqa: E402

if __name__ == '__main__':
    sys.exit(main())
