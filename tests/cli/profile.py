#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hostctl profile with symbols given by hand: which perf it runs, what it leaves, what it says.

Usage: profile.py HOSTCTL FAKE_QEMU
A program called perf writes down its arguments; a program that looks like QEMU is sampled.
"""
import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

HOSTCTL, FAKE_QEMU = sys.argv[1:3]
GUEST = f'profile-{os.getpid()}'
KALLSYMS = 'ffffffff81000000 T _text\nffffffff81000100 T start_kernel\nffffffffc0123000 t helper\t[helpful]\n'
MODULES = 'helpful 16384 0 - Live 0xffffffffc0123000\n'
PERF = """#!/usr/bin/env python3
import json, os, signal, sys, time
folder = {folder!r}
output = sys.argv[sys.argv.index('-o') + 1]
json.dump(sys.argv[1:], open(folder + '/argv.json', 'w'))
def write(*_):
    open(output, 'w').write('samples')
    sys.exit(0)
signal.signal(signal.SIGINT, write)
signal.signal(signal.SIGTERM, write)
if os.path.exists(folder + '/fails'):
    print('perf: no luck', file=sys.stderr)
    sys.exit(129)
open(folder + '/started', 'w').close()
if os.path.exists(folder + '/slow'):
    time.sleep(60)
print('perf says something')
write()
"""
folder = tempfile.mkdtemp(prefix='io-profile-')
failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + repr(detail)[:2000])


def write(name, text):
    with open(f'{folder}/{name}', 'w', encoding='utf-8') as file:
        file.write(text)
    return f'{folder}/{name}'


def words(*more):
    return [HOSTCTL, 'profile', GUEST, '-e', 'cpu-clock', f'--guestkallsyms={folder}/k', *more]


def run(*more, **env):
    done = subprocess.run(words(*more), env={**ENV, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def check_recording(pid):
    out = f'{folder}/my out'
    code, said, errors = run(f'--guestmodules={folder}/m', '-o', out, '--for', '2.5')
    if code and 'not permitted' in errors:
        return False
    check('records', code == 0, (code, said, errors))
    with open(f'{folder}/argv.json', encoding='utf-8') as file:
        argv = json.load(file)
    check('perf gets these arguments', argv == [
        'kvm', '--guest', f'--guestkallsyms={out}/kallsyms', f'--guestmodules={out}/modules', 'record', '-e', 'cpu-clock',
        '-p', str(pid), '-o', f'{out}/perf.data', '--', 'sleep', '2.500'], argv)
    with open(f'{out}/kallsyms', encoding='utf-8') as file:
        check('the symbols are those that were given', file.read() == KALLSYMS)
    with open(f'{out}/modules', encoding='utf-8') as file:
        check('and the modules', file.read() == MODULES)
    check('nobody else may read them', (mode_of(out), mode_of(f'{out}/kallsyms'), mode_of(f'{out}/modules'))
          == (0o700, 0o600, 0o600))
    report = (f"perf kvm --guest '--guestkallsyms={out}/kallsyms' '--guestmodules={out}/modules' report "
              f"-i '{out}/perf.data'")
    check('it says what reads it again, ready for a shell', report in said, said)
    check('it says how much there is', f'3 symbols and 1 modules of guest {GUEST}' in said, said)
    check("perf's words do not mix with ours", 'perf says something' in errors and 'perf says' not in said, (said, errors))
    code, said, errors = run('-o', out)
    check('a folder that is there is refused', code == 1 and 'not there yet' in errors and out in errors, errors)
    return True


def check_default_folder():
    code, said, errors = run('--for', '1')
    left = os.listdir(f'{folder}/state')
    check('without -o a new folder in the state folder', code == 0 and len(left) == 1 and left[0].startswith('profile-'),
          (code, said, errors, left))
    with open(f'{folder}/state/{left[0]}/modules', encoding='utf-8') as file:
        check('no modules are an empty file', file.read() == '')
    shutil.rmtree(f'{folder}/state/{left[0]}')


def check_signal():
    write('slow', '')
    for name in ('started', 'argv.json'):
        os.unlink(f'{folder}/{name}')
    with subprocess.Popen(words('-o', f'{folder}/stopped'), env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as process:
        for _ in range(600):
            if os.path.exists(f'{folder}/started') or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        said, errors = process.communicate(timeout=60)
    check('a signal is handed on, and what perf wrote is kept', process.returncode == 0 and 'stopped by a signal' in said
          and os.path.exists(f'{folder}/stopped/perf.data'), (process.returncode, said, errors))
    os.unlink(f'{folder}/slow')


def check_failures():
    before = sorted(os.listdir(folder))
    write('fails', '')
    code, said, errors = run('-o', f'{folder}/failed')
    os.unlink(f'{folder}/fails')
    check('perf fails: said, and nothing stays', code == 1 and 'exit code 129' in errors and 'perf: no luck' in errors
          and sorted(os.listdir(folder)) == before, (code, said, errors))
    code, said, errors = run('-o', f'{folder}/none', PATH='/nowhere')
    check('no perf: said', code == 1 and 'linux-perf' in errors, errors)
    for name, text, why in (
            ('hidden', '0000000000000000 T _text\n', 'kernel.kptr_restrict=1'),
            ('nasty', KALLSYMS + '1 T \033]0;own\007\n', 'line 4'),
            ('truncated', KALLSYMS[:-3], 'in the middle of line 3'),
            ('empty', '', 'among its 0 symbols')):
        path = write(name, text)
        code, said, errors = run('-o', f'{folder}/refused', f'--guestkallsyms={path}')
        check(f'{name} symbols are refused', code == 1 and path in errors and why in errors and '\033' not in errors
              and not os.path.exists(f'{folder}/refused'), (code, errors))


def check_usage():
    for more, why in ((('--symbols-only',), 'either'), (('--for', '0'), '--for wants'), (('--for', 'nan'), '--for wants')):
        code, _, errors = run(*more)
        check(f'{" ".join(more)} is refused', code == 2 and why in errors, errors)
    done = subprocess.run([HOSTCTL, 'profile', GUEST, '--guestmodules=x'], env=ENV, capture_output=True, text=True, check=False)
    check('modules alone are refused', done.returncode == 2 and 'goes with --guestkallsyms' in done.stderr, done.stderr)
    code, _, errors = run('--root', f'{folder}/state')
    check('another root is refused', code == 2 and '--root' in errors, errors)
    code, _, errors = run('-e', 'cylces')
    check('a mistyped event is answered', code == 2 and 'cycles' in errors, errors)


def check_translated():
    with fake_qemu('TCG', GUEST + '-tcg') as qemu:
        done = subprocess.run([HOSTCTL, 'profile', GUEST + '-tcg'], env=ENV, capture_output=True, text=True, check=False)
        check('a translated guest: what is missing, and what can be done',
              done.returncode == 1 and all(word in done.stderr for word in ('translated by QEMU', '/dev/kvm', '--symbols-only')),
              done.stderr)
        done = subprocess.run([HOSTCTL, '-c', 'test:///default', 'profile', GUEST + '-tcg', '--symbols-only'], env=ENV,
                              capture_output=True, text=True, check=False)
        check('a guest that libvirt does not know: the way by hand', done.returncode == 1
              and '--guestkallsyms=FILE' in done.stderr and not os.listdir(f'{folder}/state'), done.stderr)
        done = subprocess.run([HOSTCTL, '-c', 'test:///default', 'profile', 'test', '--symbols-only'], env=ENV,
                              capture_output=True, text=True, check=False)
        check('a guest without a probe: the way by hand', done.returncode == 1 and '--guestkallsyms=FILE' in done.stderr
              and 'no channel org.insideout.probe.0' in done.stderr and not os.listdir(f'{folder}/state'), done.stderr)
        with open(f'{folder}/run/hostctl.lock', 'w', encoding='ascii') as lock:
            lock.write('4711\nhostctl run plan.json\n')
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run([HOSTCTL, '-c', 'test:///default', 'profile', 'test', '--symbols-only'], env=ENV,
                                  capture_output=True, text=True, check=False)
        check('while a run talks to its guests: said, and by whom', done.returncode == 1
              and 'may be in use' in done.stderr and 'process 4711 (hostctl run plan.json)' in done.stderr, done.stderr)
        qemu.kill()


def fake_qemu(accelerator, name):
    qemu = subprocess.Popen([FAKE_QEMU, '-name', f'guest={name},debug-threads=on', '1', '0', '300', '9700'],
                            env={**ENV, 'FAKE_QEMU_ACCELERATOR': accelerator}, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    qemu.stdout.readline()
    return qemu


def main():
    write('k', KALLSYMS)
    write('m', MODULES)
    os.mkdir(f'{folder}/bin')
    write('bin/perf', PERF.format(folder=folder))
    os.chmod(f'{folder}/bin/perf', 0o755)
    for name in ('state', 'run'):
        os.mkdir(f'{folder}/{name}', 0o755)
    check_usage()
    check_translated()
    with fake_qemu('KVM', GUEST) as qemu:
        try:
            if not check_recording(qemu.pid):
                print('SKIP: the kernel lets us open no perf event')
                return 1 if failures else 77
            check_default_folder()
            check_signal()
            check_failures()
        finally:
            qemu.kill()
    return 1 if failures else 0


ENV = {**os.environ, 'PATH': f'{folder}/bin:{os.environ["PATH"]}', 'INSIDEOUT_STATE_DIR': f'{folder}/state',
       'INSIDEOUT_RUN_DIR': f'{folder}/run', 'LC_ALL': 'C.UTF-8'}
if __name__ == '__main__':
    try:
        sys.exit(main())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
