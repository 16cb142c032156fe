# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a run from outside while it measures: it goes on, or ends with a clear message, and says so."""
import collections
import glob
import os
import re
import resource
import signal
import sqlite3
import subprocess
import time

from cell import NotHeld, await_change, require, start
from place import difference, read

# do: called while hostctl stands still after its second sample. code, state, ticks: how it must end (None: as it
# likes). says: what the message or the output must have. notes: what a note of the visit must have. plan: one of
# place.PLANS. fault: a fault point more. after: called when hostctl has ended.
Accident = collections.namedtuple('Accident', 'name do code state ticks says notes plan fault after',
                                  defaults=('', '', 'plain', '', None))
STAGE = 'window.commit#2'
SCAN = '/sys/kernel/mm/ksm/pages_to_scan'


def qemu_pids(place):
    return [int(pid) for pid, text in place.processes() if 'qemu-system' in text]


def signal_guest(number):
    def do(place, _process):
        pids = qemu_pids(place)
        require(pids, 'no guest runs')
        for pid in pids:
            os.kill(pid, number)
    return do


def write_page_sharing(_place, _process):
    with open(SCAN, 'w', encoding='ascii') as file:
        file.write('777')


def second_hostctl(place, process):
    answer = place.call(place.command('ksm'))
    wanted = f'another hostctl is changing this host: process {process} '
    require(answer.returncode == 1 and wanted in answer.stderr, f'the second: {answer.returncode} {answer.stderr}')


def stand_still(seconds):
    def do(_place, _process):
        time.sleep(seconds)
    return do


def let_happen(name):
    """What the preloaded tests/faults/outside.c does from now on."""
    def do(place, _process):
        with open(os.path.join(place.dir, name), 'w', encoding='ascii'):
            pass
    return do


def kill_libvirtd(place, _process):
    place.stop_libvirtd(signal.SIGKILL)


def restart_libvirtd(place, _process):
    place.stop_libvirtd(signal.SIGTERM)
    place.start_libvirtd()


def unplug_vcpu(place, _process):
    """Our guests have none that could be taken out: libvirt refuses."""
    answer = place.call(['virsh', '-c', 'qemu:///system', 'setvcpus', 'faults-micro', '1', '--live'])
    require(answer.returncode != 0, 'libvirt took the vCPU out')


def recover_with_libvirtd(place):
    place.start_libvirtd()
    answer = place.recover()
    require(answer.returncode == 0, f'recover: {answer.stderr.strip()}')


def write_page_sharing_back(place, before):
    require(read(SCAN) == '777', 'it fought with the other tool')
    with open(SCAN, 'w', encoding='ascii') as file:
        file.write(before[SCAN])


def take_descriptors(_place, process):
    """No further descriptor may be opened."""
    used = max(int(name) for name in os.listdir(f'/proc/{process}/fd')) + 1
    resource.prlimit(process, resource.RLIMIT_NOFILE, (used, used))


def remove_dataset(place, _process):
    for path in glob.glob(place.dataset + '*'):
        os.unlink(path)


ACCIDENTS = (
    Accident('hostctl stands still for 3 s', stand_still(3), 0, 'complete', 5, '', 'ended over half an interval late'),
    Accident("a guest's QEMU is killed", signal_guest(signal.SIGKILL), 1, 'failed', 2, r'guest faults-micro'),
    Accident("a guest's QEMU is stopped", signal_guest(signal.SIGSTOP), 1, 'failed', 2, r'guest faults-micro'),
    Accident('a guest reboots', stand_still(9), 1, 'failed', 2, r'guest faults-micro', plan='reboots'),
    Accident("a guest's probe is killed", stand_still(6), 1, 'failed', 2, r'guest faults-micro', plan='probe dies'),
    Accident('a guest takes one of its vCPUs offline', stand_still(6), 0, 'complete', 5, '', plan='vcpu goes'),
    Accident('somebody unplugs a vCPU', unplug_vcpu, 0, 'complete', 5, '', plan='system pair'),
    Accident('libvirtd is restarted', restart_libvirtd, 1, 'failed', 5, r'libvirtd has ended', plan='system'),
    Accident('libvirtd is killed', kill_libvirtd, 1, None, 5, r'libvirtd has ended', plan='system',
             after=lambda place, _before: recover_with_libvirtd(place)),
    Accident("the host's clock is stepped by an hour", let_happen('clock-is-stepped'), 0, 'complete', 5, '',
             r"clock was stepped by -36\d\d\.\d+ s"),
    Accident("the dataset's disk is slow", let_happen('disk-is-slow'), 0, 'complete', 5, '', 'ended over half an interval late'),
    Accident('memory is short when pages are to be unshared', stand_still(0), 1, 'failed', 5,
             r'unsharing all pages needs \d+ MiB', plan='unshare', fault='ksm.available_kib#1:number:0'),
    Accident("another tool writes KSM's files", write_page_sharing, 0, 'complete', 5, r'somebody else set “777”',
             after=write_page_sharing_back),
    Accident('a second hostctl wants to change the host', second_hostctl, 0, 'complete', 5, ''),
    Accident('no descriptor is left', take_descriptors, None, None, 2, ''),
    Accident('the dataset is removed', remove_dataset, None, None, None, ''),
)


def let_it_happen(place, accident):
    """The wait status and the output of a run to which it happened."""
    output = os.path.join(place.dir, 'output')
    fault = ','.join(filter(None, (f'{STAGE}:stop', accident.fault)))
    more = {'LD_PRELOAD': place.outside, 'OUTSIDE': place.dir}
    process, terminal = start(place, place.command('run', accident.plan), fault, output, more)
    try:
        status = await_change(process, os.WUNTRACED)
        require(os.WIFSTOPPED(status), f'the stage was not reached: {read(output)[-300:]}')
        accident.do(place, process)
        os.kill(process, signal.SIGCONT)
        status = await_change(process, 0)
    finally:
        os.close(terminal)
    return status, read(output)


def check_record(place, accident):
    if accident.ticks is None:
        return
    with sqlite3.connect(f'file:{place.dataset}?mode=ro', uri=True) as db:
        require(db.execute('pragma integrity_check').fetchone()[0] == 'ok', 'the dataset is damaged')
        ticks = db.execute('select count(*) from sched_sample').fetchone()[0]
        require(ticks >= accident.ticks, f'{ticks} samples are there, not {accident.ticks}')
        state = db.execute('select state from run').fetchone()[0]
        require(accident.state in (None, state), f'the run is “{state}”, not “{accident.state}”')
        if accident.code == 1:
            visits = [row[0] for row in db.execute("select state from visit")]
            require(accident.state != 'failed' or accident.fault or visits[-1:] == ['failed'], f'the visit is not marked: {visits}')
        notes = [row[0] for row in db.execute('select text from note where visit_id is not null')]
        require(not accident.notes or any(re.search(accident.notes, note) for note in notes),
                f'no note says “{accident.notes}”: {notes}')


def check_accident(place, accident):
    if accident.plan.startswith('system'):
        place.start_libvirtd()
    before = place.picture()
    place.forget_dataset()
    status, text = let_it_happen(place, accident)
    require(os.WIFEXITED(status), f'a signal ended it: {status}')
    code = os.WEXITSTATUS(status)
    require(code in ((0, 1) if accident.code is None else (accident.code,)), f'exit {code}: {text[-400:]}')
    require(code == 0 or 'hostctl run: ' in text, f'no message: {text[-400:]}')
    require(re.search(accident.says, text), f'it does not say “{accident.says}”: {text[-400:]}')
    if accident.after:
        accident.after(place, before)
    after = place.picture()
    changed = difference(before, after)
    require(not changed, 'the host has changed: ' + '; '.join(changed))
    left = place.unfinished()
    require(not left, f'the journal has work left: {left}')
    check_record(place, accident)
    return code, text


def last_message(text):
    lines = [line for line in text.splitlines() if line.startswith('hostctl run: ')]
    return lines[-1][len('hostctl run: '):] if lines else ''


def run_accident(place, accident):
    began = time.monotonic()
    why, code, text = None, None, ''
    try:
        code, text = check_accident(place, accident)
    except (NotHeld, OSError, sqlite3.Error, subprocess.SubprocessError) as problem:
        why = str(problem)
        if accident.plan.startswith('system') and not place.libvirtd_answers():
            place.start_libvirtd()
        place.recover()
    finally:
        place.stop_libvirtd(signal.SIGTERM)
        place.forget_what_happens()
    return {'accident': accident.name, 'held': why is None, 'why': why, 'exit': code,
            'message': last_message(text).replace(place.dir, '…'), 'seconds': round(time.monotonic() - began, 1)}
