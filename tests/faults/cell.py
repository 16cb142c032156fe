# SPDX-License-Identifier: GPL-3.0-or-later
"""One cell of the crash matrix: hostctl is ended at one stage in one way, and everything is looked at after."""
import glob
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import time

from place import difference
from stages import name_of

PATIENCE_SECONDS = 150
# A power cut may leave half a line of the journal and half a frame of the dataset's log.
TORN = {'journal.jsonl': b'{"id": 99, "kind": "fi', 'run.db-wal': b'\0\0\0\x07\0\0' + b'\x5a' * 700}


class NotHeld(Exception):
    """A promise that was not kept; the text says which."""


def require(true, text):
    if not true:
        raise NotHeld(text)


def await_change(process, options):
    """The status of a child that ends, or stops when `options` has WUNTRACED; a limit on the time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        pid, status = os.waitpid(process, os.WNOHANG | options)
        if pid:
            return status
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    raise NotHeld(f'not ended within {PATIENCE_SECONDS} s')


def start(place, argv, fault, output, more=None):
    """On a terminal of its own, whose other end is returned too: closing that hangs up."""
    pid, terminal = pty.fork()
    if pid == 0:
        with open(output, 'wb') as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.execve(argv[0], argv, {**place.env, **(more or {}), 'INSIDEOUT_FAULT': fault})
    return pid, terminal


def saved_files(place):
    return [path for path in [os.path.join(place.state, 'journal.jsonl')] + glob.glob(place.dataset + '*')
            if os.path.exists(path) and not path.endswith('-shm')]


def cut_power(place, process):
    """What is on the disk now, with torn ends, is what is there afterwards; memory is lost."""
    copies = os.path.join(place.dir, 'cut')
    os.mkdir(copies)
    files = saved_files(place)
    for path in files:
        shutil.copy2(path, copies)
    os.kill(process, signal.SIGKILL)
    status = await_change(process, 0)
    for path in glob.glob(place.dataset + '*'):
        os.unlink(path)
    for path in files:
        shutil.copy2(os.path.join(copies, os.path.basename(path)), path)
        with open(path, 'ab') as file:
            file.write(TORN.get(os.path.basename(path), b''))
    shutil.rmtree(copies)
    return status


def end_at(place, argv, stage, how):
    """Runs the command and ends it at the stage. Its wait status and what it printed."""
    action = {'hup': 'stop', 'cut': 'stop'}.get(how, how)
    fault = f'{stage.point}#{stage.occasion}:{action}'
    output = os.path.join(place.dir, 'output')
    process, terminal = start(place, argv, fault, output)
    try:
        status = await_change(process, os.WUNTRACED)
        if action == 'stop' and os.WIFSTOPPED(status):
            if how == 'cut':
                status = cut_power(place, process)
            else:
                os.close(terminal)
                terminal = -1
                os.kill(process, signal.SIGCONT)
                status = await_change(process, 0)
    finally:
        if terminal >= 0:
            os.close(terminal)
    with open(output, encoding='utf-8', errors='replace') as file:
        text = file.read()
    require(f'fault point {stage.point}' in text, f'the stage was not reached: {text.strip()[-300:]}')
    return status, text


def check_ending(place, stage, how, status, text):
    """How it ended; True when `recover` still has to be called."""
    if how in ('kill', 'cut'):
        require(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, f'it ended by itself: {text[-300:]}')
        return True
    require(os.WIFEXITED(status), f'a signal ended it: {status}')
    code = os.WEXITSTATUS(status)
    require(code in (0, 1), f'exit {code}: {text[-300:]}')
    require(code == 0 or 'stopped by signal' in text, f'no clear message: {text.strip()[-300:]}')
    if stage.command == 'recover':
        return True
    held = stage.command == 'ksm' and code == 0
    left = [] if held else [step for step in place.unfinished() if 'set by hand' not in step]
    require(not left, f'it put not everything back: {left}')
    return False


def check_dataset(place, stage, how):
    if stage.command not in ('run', 'recover', 'next run'):
        return
    if not os.path.exists(place.dataset) or os.path.getsize(place.dataset) == 0:
        require(not stage.dataset, 'there is no dataset')
        return
    require(os.stat(place.dataset).st_mode & 0o777 == 0o640, 'the dataset is not of mode 0640')
    with sqlite3.connect(f'file:{place.dataset}?mode=ro', uri=True) as db:
        whole = db.execute('pragma integrity_check').fetchone()[0]
        require(whole == 'ok', f'the dataset is damaged: {whole}')
        ticks = db.execute('select max(n) from (select count(*) n from sched_sample group by guest_id, vcpu, visit_id)')
        ticks = ticks.fetchone()[0] or 0
        require(ticks >= stage.ticks, f'{ticks} samples are there of {stage.ticks} that were committed')
        states = [row[0] for row in db.execute('select state from run')]
    if how not in ('kill', 'cut') and stage.command.endswith('run') and states:
        require(states[0] in ('interrupted', 'complete'), f"the dataset's run is “{states[0]}”")


def prepare(place, stage):
    """Brings about what the stage's command works on."""
    if stage.command == 'recover':
        argv = place.command('run', stage.plan)
        end_at(place, argv, stage._replace(point='balloon.wait', occasion=1), 'kill')
    elif stage.command == 'ksm restore':
        answer = place.call(place.command('ksm'))
        require(answer.returncode == 0, f'ksm set: {answer.stderr.strip()}')


def put_back(place, stage, must_recover):
    if must_recover and stage.command == 'next run':
        text = place.begin_next_run()
        require('fault point dataset.create' in text, f'the next run: {text[-400:]}')
    elif must_recover:
        answer = place.recover()
        require(answer.returncode == 0, f'recover: {(answer.stdout + answer.stderr).strip()[-400:]}')
    if stage.command.startswith('ksm'):
        answer = place.call(place.command('ksm restore'))
        require(answer.returncode == 0, f'ksm restore: {answer.stderr.strip()}')
    elif stage.command == 'provision':
        answer = place.call([place.hostctl, '-c', 'qemu:///embed', 'guest', 'destroy', '--all'])
        require(answer.returncode == 0, f'guest destroy: {answer.stderr.strip()}')


def check_cell(place, stage, how):
    before = place.picture()
    place.forget_dataset()
    prepare(place, stage)
    status, text = end_at(place, place.command(stage.command, stage.plan), stage, how)
    must_recover = check_ending(place, stage, how, status, text)
    put_back(place, stage, must_recover)

    changed = difference(before, place.picture())
    require(not changed, 'the host has changed: ' + '; '.join(changed))
    left = place.unfinished()
    require(not left, f'the journal has work left: {left}')
    check_dataset(place, stage, how)


def try_cell(place, stage, how):
    """None, or what was not kept; and whether somebody else's guests were there to disturb it."""
    others = place.others()
    try:
        check_cell(place, stage, how)
    except (NotHeld, OSError, sqlite3.Error, subprocess.SubprocessError) as problem:
        disturbed = bool(others or place.others())
        place.recover()
        place.call(place.command('ksm restore'))
        return str(problem), disturbed
    return None, False


def run_cell(place, stage, how):
    """What became of it, for the table and for --json. One that others disturbed is tried again without them."""
    began = time.monotonic()
    why, disturbed = try_cell(place, stage, how)
    for _ in range(2):
        if not disturbed:
            break
        place.await_alone(60)
        why, disturbed = try_cell(place, stage, how)
    return {'stage': name_of(stage), 'signal': how, 'held': why is None, 'why': why,
            'seconds': round(time.monotonic() - began, 1)}
