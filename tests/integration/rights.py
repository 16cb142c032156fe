#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what: docs/rights.md, tried. rights.py HOSTCTL FAKE_QEMU

Looking works as an ordinary user with two or three capabilities; changing does not; folders and files that
somebody else could turn into a way in are refused; a guest that hostctl did not make stays as it is.
"""
import os
import shutil
import stat
import subprocess
import sys
import tempfile

HOSTCTL, FAKE_QEMU = sys.argv[1:3]
NOBODY = '65534'
GUEST = f'rights-{os.getpid()}'
KSM = 'sys/kernel/mm/ksm'
folder = tempfile.mkdtemp(prefix='io-rights-')
# In a tree that stands for a host, so that this one is left alone.
SET_KSM = ('--root', f'{folder}/root', 'ksm', 'set', 'pages_to_scan=321', '--shared-host')
env = {**os.environ, 'INSIDEOUT_STATE_DIR': f'{folder}/state', 'INSIDEOUT_RUN_DIR': f'{folder}/run', 'LC_ALL': 'C'}


def run(*words, **more):
    return subprocess.run(words, env={**env, **more}, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=60)


def as_user(capabilities, *words, **more):
    """As nobody, with these capabilities and no others."""
    chosen = ','.join(['-all'] + [f'+{name}' for name in capabilities])
    return run('setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}', '--clear-groups', f'--inh-caps={chosen}',
               f'--ambient-caps={chosen}', HOSTCTL, *words, **more)


def expect(answer, code, *texts):
    said = answer.stdout + answer.stderr
    assert answer.returncode == code, (answer.args, answer.returncode, said)
    for text in texts:
        assert text in said, (answer.args, text, said)


def check_looking():
    top, stat_words = ('top', '--batch', '-n', '1', '-i', '0.3'), ('stat', '-e', 'task-clock', '--for', '0.3', GUEST)
    explain = ('explain', '--for', '0.4', GUEST)
    expect(as_user([], *top), 0, GUEST)
    expect(as_user([], *stat_words), 1, 'CAP_PERFMON')
    expect(as_user([], *explain), 0, 'of the time in which it want', 'CAP_BPF and CAP_PERFMON')
    print('ok: without any capability: top, explain without culprits, stat says what it needs')
    expect(as_user(['perfmon'], *stat_words), 0, 'msec task-clock')
    print('ok: stat with CAP_PERFMON')
    expect(as_user(['perfmon', 'bpf'], *top), 0, GUEST)
    expect(as_user(['perfmon', 'bpf'], *explain), 0, GUEST)
    print('ok: top and explain with CAP_PERFMON and CAP_BPF')


def check_changing():
    more = {'INSIDEOUT_STATE_DIR': '/var/lib/insideout-nobody', 'INSIDEOUT_RUN_DIR': '/run/insideout-nobody'}
    for words in (SET_KSM, ('recover',)):
        expect(as_user(['perfmon', 'bpf', 'sys_ptrace'], *words, **more), 1, 'wants root')
    assert not os.path.exists(more['INSIDEOUT_STATE_DIR'])
    print('ok: what changes the host refuses without root, and says so')


def check_folders():
    victim, link = f'{folder}/victim', f'{folder}/link'
    os.symlink('/etc', link)
    expect(run(HOSTCTL, 'recover', INSIDEOUT_STATE_DIR=link), 1, link)
    os.mkdir(f'{folder}/open')
    os.chmod(f'{folder}/open', 0o777)
    expect(run(HOSTCTL, 'recover', INSIDEOUT_STATE_DIR=f'{folder}/open'), 1, 'may be written by others')
    os.mkdir(f'{folder}/theirs')
    os.chown(f'{folder}/theirs', int(NOBODY), int(NOBODY))
    expect(run(HOSTCTL, 'recover', INSIDEOUT_STATE_DIR=f'{folder}/theirs'), 1, 'belongs to user')

    with open(victim, 'w', encoding='ascii') as file:
        file.write('precious\n')
    os.symlink(victim, f'{folder}/run/hostctl.lock')
    expect(run(HOSTCTL, 'recover'), 1, 'hostctl.lock')
    os.unlink(f'{folder}/run/hostctl.lock')
    os.symlink(victim, f'{folder}/state/journal.jsonl')
    expect(run(HOSTCTL, *SET_KSM), 1, 'journal')
    with open(f'{folder}/root/{KSM}/pages_to_scan', encoding='ascii') as file:
        assert file.read() == '100'
    os.unlink(f'{folder}/state/journal.jsonl')
    with open(victim, encoding='ascii') as file:
        assert file.read() == 'precious\n'
    print('ok: folders and files that are links, or others may write, are refused; what they point at is whole')


def check_files():
    expect(run(HOSTCTL, *SET_KSM), 0)
    try:
        for name, mode in (('state/journal.jsonl', 0o600), ('run/hostctl.lock', 0o644), ('state', 0o755), ('run', 0o755)):
            found = stat.S_IMODE(os.stat(f'{folder}/{name}').st_mode)
            assert found == mode, (name, oct(found))
    finally:
        expect(run(HOSTCTL, '--root', f'{folder}/root', 'ksm', 'restore'), 0)
    print('ok: the journal is 0600, the lock 0644, folders 0755')


def check_foreign():
    """libvirt's test driver runs a domain that is nobody's."""
    for words in (('guest', 'destroy', 'test'), ('balloon', 'set', 'test', '100M')):
        expect(run(HOSTCTL, '-c', 'test:///default', *words), 1, 'was not made by hostctl')
    expect(run(HOSTCTL, '-c', 'test:///default', 'guest', 'destroy', '--all'), 0)
    print('ok: a guest that hostctl did not make is not changed')


def main():
    if os.getuid() != 0 or not shutil.which('setpriv'):
        print('SKIP: wants root and setpriv')
        return 77
    os.chmod(folder, 0o755)
    for name in ('state', 'run'):
        os.mkdir(f'{folder}/{name}', 0o755)
    os.makedirs(f'{folder}/root/{KSM}')
    for name, value in (('run', '0'), ('pages_to_scan', '100'), ('sleep_millisecs', '20'), ('pages_shared', '0'),
                        ('pages_sharing', '0'), ('pages_unshared', '0'), ('pages_volatile', '0'), ('full_scans', '0')):
        with open(f'{folder}/root/{KSM}/{name}', 'w', encoding='ascii') as file:
            file.write(value)
    with subprocess.Popen([FAKE_QEMU, '-name', f'guest={GUEST},debug-threads=on', '1', '0', '300', '700'],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guest:
        guest.stdout.readline()
        try:
            check_looking()
            check_changing()
            check_folders()
            check_files()
            check_foreign()
        finally:
            guest.kill()
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
