#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people are told when something is wrong: the exit code, and the words that name the cause.

Usage: messages.py HOSTCTL GUESTPROBE CORRELATE SOURCE-FOLDER
"""
import os
import subprocess
import sys
import tempfile

HOSTCTL, GUESTPROBE, CORRELATE = range(3)

# What is wrong, program, words, exit code, what the message must contain. {dir} is a scratch
# folder, {source} the source tree.
CASES = (
    ('a dataset that is not there', CORRELATE, ['validate', '{dir}/none.db'], 1, ['{dir}/none.db', 'No such file']),
    ('a dataset that is a text', CORRELATE, ['validate', '{dir}/text'], 1, ['{dir}/text', 'not a dataset']),
    ('a dataset that is a folder', CORRELATE, ['validate', '{dir}'], 1, ['{dir}']),
    ('a dataset that is empty', CORRELATE, ['export', '{dir}/empty'], 1, ['{dir}/empty', 'not a dataset']),
    ('no dataset at all', CORRELATE, ['validate'], 2, ['FILE', 'correlate validate --help', 'man correlate-validate']),
    ('two datasets for one', CORRELATE, ['validate', 'a', 'b'], 2, ['“b” is too much', 'FILE']),
    ('a mistyped option of validate', CORRELATE, ['validate', '--jsn', 'x'], 2, ['did you mean “--json”']),
    ('no command of correlate', CORRELATE, [], 2, ['correlate validate', 'correlate report', 'man correlate']),
    ('a mistyped command of correlate', CORRELATE, ['validat', 'x'], 2, ['did you mean “validate”']),
    ('no command of hostctl', HOSTCTL, [], 2, ['hostctl doctor', 'changes nothing', 'man hostctl']),
    ('a mistyped command of hostctl', HOSTCTL, ['dcotor'], 2, ['did you mean “doctor”', 'man hostctl']),
    ('a mistyped option before the command', HOSTCTL, ['--rot=/', 'doctor'], 2, ['did you mean “--root”']),
    ('a mistyped option of a command', HOSTCTL, ['status', '--jsno'], 2, ['did you mean “--json”', 'man hostctl-status']),
    ('a mistyped verb', HOSTCTL, ['ksm', 'sett'], 2, ['did you mean “set”', 'man hostctl-ksm']),
    ('a verb without its operand', HOSTCTL, ['explain'], 2, ['DOMAIN', 'hostctl explain --help']),
    ('a root that is not there', HOSTCTL, ['--root={dir}/none', 'doctor'], 2, ['{dir}/none', 'no such folder']),
    ('a mistyped option of guestprobe', GUESTPROBE, ['--fact'], 2, ['did you mean “--facts”', 'man guestprobe']),
    ('a mistyped event', GUESTPROBE, ['-e', 'cylces', '--', 'true'], 2, ['did you mean “cycles”']),
    ('stat over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'stat', '-I', '1000', 'web'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system stat -I 1000 web']),
    ('top over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'top'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system top']),
    ('explain over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'explain', 'web'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system explain web']),
    ('record over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'record', '-o', 'x.db'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system record -o x.db']),
    ('profile over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'profile', 'web'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system profile web']),
    ('profile without a guest', HOSTCTL, ['profile'], 2, ['DOMAIN', 'man hostctl-profile']),
    ('a guest to profile that is not there', HOSTCTL, ['profile', 'no-such-guest'], 1, ['no-such-guest']),
    ('exporter over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'exporter'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system exporter']),
    ('selftest over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'selftest'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system selftest']),
    ('run over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'run', 'p.json', '-o', 'x.db'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system run p.json -o x.db']),
    ('page sharing over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'ksm', 'show'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system ksm show']),
    ('doctor over another machine\'s libvirt', HOSTCTL, ['-c', 'qemu+ssh://root@node7/system', 'doctor'], 1,
     ['qemu+ssh://root@node7/system', 'ssh root@node7 hostctl -c qemu:///system doctor']),
    ('a guest on another machine without an image there', HOSTCTL,
     ['-c', 'qemu+ssh://root@node7/system', 'guest', 'provision', 'g'], 1,
     ['qemu+ssh://root@node7/system', '--storage-pool', 'ssh root@node7 hostctl -c qemu:///system guest provision g']),
    ('no plan at all', HOSTCTL, ['run', '-o', '{dir}/x.db'], 2, ['plan', 'hostctl run --help']),
    ('a plan that is not there', HOSTCTL, ['run', '{dir}/none.json', '-o', '{dir}/x.db'], 1, ['{dir}/none.json']),
    ('a plan that is no JSON', HOSTCTL, ['run', '{dir}/text', '-o', '{dir}/x.db'], 1, ['{dir}/text', '1:']),
    ('a plan with an unknown key', HOSTCTL, ['run', '{dir}/frobs.json', '-o', '{dir}/x.db'], 1,
     ['{dir}/frobs.json', '$', 'frobs']),
    ('a plan that nests too deep', HOSTCTL, ['run', '{dir}/deep.json', '-o', '{dir}/x.db'], 1, ['{dir}/deep.json', '64']),
    ('no dataset to write', HOSTCTL, ['run', '{source}/examples/quick.json'], 2, ['-o']),
    ('a guest image that is not there', HOSTCTL, ['run', '{source}/examples/quick.json', '-o', '{dir}/x.db'], 1,
     ['{dir}/state/guest/vmlinuz', 'appliance/build']),
    ('an option without its value', HOSTCTL, ['--root'], 2, ['--root', 'value']),
    ('a host without page sharing', HOSTCTL, ['--root', '{dir}', 'ksm', 'show'], 1, ['sys/kernel/mm/ksm']),
    ('a libvirt that does not answer', HOSTCTL, ['-c', 'qemu+unix:///system?socket={dir}/none', 'guest', 'list'], 1,
     ['{dir}/none', 'cannot be opened']),
    ('an unknown event', GUESTPROBE, ['-e', 'nonsense', '--', 'true'], 2, ['nonsense']),
    ('a port that is not there', GUESTPROBE, ['--agent', '--port', '{dir}/none'], 1, ['{dir}/none']),
)

FILES = {
    'text': 'hello, world\n',
    'empty': '',
    'frobs.json': '{"version": 1, "frobs": 1}',
    'deep.json': '{"version": ' + '[' * 200000 + ']' * 200000 + '}',
}


def run_case(programs, places, case):
    name, program, words, code, mentions = case
    result = subprocess.run([programs[program], *(word.format(**places) for word in words)],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                            env={**os.environ, 'INSIDEOUT_STATE_DIR': places['dir'] + '/state',
                                 'INSIDEOUT_RUN_DIR': places['dir'] + '/run'})
    base = os.path.basename(programs[program])
    passed = (result.returncode == code and not result.stdout and result.stderr.startswith(base)
              and all(word.format(**places) in result.stderr for word in mentions))
    print(('ok - ' if passed else 'not ok - ') + f'{base} names {name}')
    if not passed:
        print(f'    wanted exit {code} and {mentions}\n    got exit {result.returncode}\n'
              f'    stdout: {result.stdout}\n    stderr: {result.stderr}')
    return passed


def main():
    programs = [os.path.abspath(program) for program in sys.argv[1:4]]
    with tempfile.TemporaryDirectory(prefix='insideout-cli-') as folder:
        for name, text in FILES.items():
            with open(os.path.join(folder, name), 'w', encoding='utf-8') as file:
                file.write(text)
        places = {'dir': folder, 'source': os.path.abspath(sys.argv[4])}
        results = [run_case(programs, places, case) for case in CASES]
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
