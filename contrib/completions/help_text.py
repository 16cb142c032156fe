# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program's --help says, as data: the one source of completions and of the test of manual pages."""
import re
import subprocess
from dataclasses import dataclass, field

OPTION = re.compile(r'^ +(?:-(\w), )?--([a-z][a-z-]*)(?:=(\S+))?(?: +(\S.*))?$')
WORD = re.compile(r'^  ([a-z][a-z-]*)  +(\S.*)$')


@dataclass
class Option:
    letter: str  # '' when it has none
    name: str
    value: str  # 'FILE'; '' when it takes none
    text: str

    def spellings(self):
        return {'--' + self.name} | ({'-' + self.letter} if self.letter else set())


@dataclass
class Command:
    path: tuple  # () of the program itself, ('ksm', 'set')
    text: str  # one line, from its parent's list
    operands: str = ''  # what stands behind the options: 'PLAN', 'KEY=VALUE…'
    options: list = field(default_factory=list)
    words: list = field(default_factory=list)  # its commands or verbs, as Command


def ask(program, path):
    return subprocess.run([program, *path, '--help'], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True, timeout=60).stdout


def operands_of(text):
    usage = re.search(r'^Usage:\s+(.*)$', text, re.M).group(1)
    rest = re.sub(r' +[—-]( .*|$)', '', usage.split('[OPTION…]')[-1] + ' ')
    return rest.strip()


def read(program, path=(), text=''):
    """The Command of PROGRAM at `path`, with all below it."""
    shown = ask(program, path)
    command = Command(path, text)
    listed = re.search(r'\bCOMMAND\b \[OPTION|^Verbs:', shown, re.M)
    seen = set()
    for line in shown.split('\n'):
        option = OPTION.match(line)
        word = WORD.match(line)
        if option:
            found = Option(*(part or '' for part in option.groups()))
            if found.name not in seen:
                command.options.append(found)
            seen.add(found.name)
        elif word and listed:
            command.words.append(read(program, path + (word.group(1),), word.group(2)))
    if not listed:
        command.operands = operands_of(shown)
    if 'help' not in seen:
        command.options.append(Option('h', 'help', '', 'Show help options'))
    return command


def walk(command):
    yield command
    for word in command.words:
        yield from walk(word)
