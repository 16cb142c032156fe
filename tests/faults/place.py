# SPDX-License-Identifier: GPL-3.0-or-later
"""A place of their own for hostctl's state and sockets, and a picture of the host before and after."""
import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from kvm_node import KvmNode  # noqa: E402

KSM = '/sys/kernel/mm/ksm'
# The kernel never sets these back.
KSM_COUNTERS = ('full_scans', 'pages_scanned', 'pages_skipped')
# What the kernel keeps of pages that are gone, and drops when it next looks: no more than before.
KSM_REMAINS = ('stable_node_chains', 'stable_node_dups')
SETTINGS = ('/proc/sys/kernel/nmi_watchdog', '/proc/sys/kernel/perf_event_paranoid',
            '/proc/sys/kernel/sched_schedstats', '/sys/kernel/mm/transparent_hugepage/enabled')

GUEST = {'memory_mib': 128}
PLAN = {
    'version': 1, 'name': 'faults', 'connect': 'qemu:///embed', 'accelerator': 'tcg', 'pool': '0-1',
    'guests': {'micro': GUEST, 'bulk': {'count': 0, **GUEST}},
    'load': ['stress', '-c', '1'], 'order': 'ascending', 'repeats': 1, 'frame_visits': False,
    'steps_percent': [0], 'settle_seconds': 0.5, 'measure_seconds': 2, 'interval_ms': 500, 'drop_seconds': 0,
    'ksm_settle_scans': 0,
}
PLAIN = {'counters': 'software', 'events': ['task-clock', 'context-switches']}
NOISY = {'name': 'noisy', 'ksm': 'on', 'balloon': '90%'}
PLANS = {
    'plain': {**PLAN, **PLAIN, 'conditions': [NOISY]},
    'unmerge': {**PLAN, **PLAIN, 'conditions': [
        {'name': 'quiet', 'ksm': {'run': 2, 'pages_to_scan': 333, 'sleep_millisecs': 33}, 'balloon': 'full'}]},
    'emulated': {**PLAN, 'counters': 'emulated', 'conditions': [NOISY]},
    'pair': {**PLAN, 'counters': 'emulated', 'conditions': [NOISY], 'guests': {'micro': GUEST,
             'bulk': {'count': 1, **GUEST}}},
    'system': {**PLAN, **PLAIN, 'connect': 'qemu:///system', 'conditions': [NOISY]},
    'unshare': {**PLAN, **PLAIN, 'between_conditions': 'keep', 'conditions': [NOISY, {'name': 'quiet', 'ksm': 'off'}]},
}


def _with_micro(plan, **more):
    guests = PLANS[plan]['guests']
    return {**PLANS[plan], 'guests': {**guests, 'micro': {**guests['micro'], **more}}}


# What the guest does to itself while hostctl stands still.
PLANS['reboots'] = _with_micro('plain', load=['sh', '-c', 'sleep 5; reboot -f'])
PLANS['probe dies'] = _with_micro('plain', load=['sh', '-c', 'sleep 2; kill -9 $(pidof guestprobe)'])
PLANS['vcpu goes'] = _with_micro('plain', vcpus=2, load=['sh', '-c', 'sleep 2; echo 0 >/sys/devices/system/cpu/cpu1/online'])
PLANS['system pair'] = _with_micro('system', vcpus=2)
DAEMONS = ('virtlogd', 'libvirtd')
WHAT_HAPPENS = ('clock-is-stepped', 'disk-is-slow')


def read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as file:
            return file.read().strip()
    except OSError as problem:
        return problem.strerror


class Place:
    """Short path: a socket's ends at 107 bytes. Readable: QEMU runs as another user."""

    def __init__(self, build, image):
        # libvirt compares what CPUID says, the CPU's own number in it, with what it noted when it asked
        # QEMU what it can do: on another CPU it asks again, for seconds.
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        self.dir = tempfile.mkdtemp(prefix='io-', dir='/run')
        self.hostctl = os.path.join(build, 'hostctl', 'hostctl')
        self.outside = os.path.join(build, 'tests', 'outside.so')
        self.state, self.run = os.path.join(self.dir, 'state'), os.path.join(self.dir, 'run')
        self.dataset = os.path.join(self.dir, 'run.db')
        os.chmod(self.dir, 0o755)
        for folder in (self.state, self.run):
            os.mkdir(folder, 0o755)
        shutil.copytree(image, os.path.join(self.state, 'guest'))
        for name, plan in PLANS.items():
            with open(self.plan(name), 'w', encoding='utf-8') as file:
                json.dump(plan, file)
        self.env = {**os.environ, 'INSIDEOUT_STATE_DIR': self.state, 'INSIDEOUT_RUN_DIR': self.run, 'LC_ALL': 'C'}
        self.env.pop('INSIDEOUT_FAULT', None)
        self.kvm_node = KvmNode()

    def plan(self, name):
        return os.path.join(self.dir, name.replace(' ', '-') + '.json')

    def libvirtd_answers(self):
        return self.call(['virsh', '-c', 'qemu:///system', 'version']).returncode == 0

    def start_libvirtd(self):
        """By hand, since no service manager need be here. One that somebody else has started is not ours to stop."""
        if self.libvirtd_answers() and not os.path.exists(self.pid_file('libvirtd')):
            raise OSError('a libvirtd runs that is not of this test')
        self.kvm_node.open()
        for name in DAEMONS:
            if not os.path.exists(self.pid_file(name)) and not (name == 'virtlogd' and os.path.exists('/run/libvirt/virtlogd-sock')):
                subprocess.run([name, '-d', '-p', self.pid_file(name)], check=True)
        deadline = time.monotonic() + 20
        while not self.libvirtd_answers():
            if time.monotonic() > deadline:
                raise OSError('libvirtd does not answer')
            time.sleep(0.2)

    def pid_file(self, daemon):
        return os.path.join(self.dir, daemon + '.pid')

    def stop_libvirtd(self, number, daemons=('libvirtd',)):
        for name in daemons:
            pid = read(self.pid_file(name)).strip()
            if not pid.isdigit():
                continue
            os.kill(int(pid), number)
            while os.path.exists(f'/proc/{pid}'):
                time.sleep(0.05)
            if os.path.exists(self.pid_file(name)):
                os.unlink(self.pid_file(name))

    def forget_what_happens(self):
        for name in WHAT_HAPPENS:
            if os.path.exists(os.path.join(self.dir, name)):
                os.unlink(os.path.join(self.dir, name))

    def remove(self):
        self.recover()
        self.stop_libvirtd(signal.SIGTERM, DAEMONS)
        self.kvm_node.put_back()
        shutil.rmtree(self.dir, ignore_errors=True)

    def command(self, name, plan=None):
        return {
            'run': lambda: [self.hostctl, 'run', self.plan(plan), '-o', self.dataset, '--replace',
                            '--shared-host', '--keep-going'],
            'next run': lambda: self.command('run', plan),
            'recover': lambda: [self.hostctl, 'recover'],
            'ksm': lambda: [self.hostctl, 'ksm', 'set', 'pages_to_scan=321', '--shared-host'],
            'ksm restore': lambda: [self.hostctl, 'ksm', 'restore'],
            'provision': lambda: [self.hostctl, '-c', 'qemu:///embed', 'guest', 'provision', 'faults',
                                  '--memory', '128'],
        }[name]()

    def call(self, command, **more):
        return subprocess.run(command, env={**self.env, **more}, capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=180)

    def recover(self):
        return self.call(self.command('recover'))

    def begin_next_run(self):
        """Up to its dataset, of another name. What it printed."""
        command = [self.dataset + '.next' if word == self.dataset else word for word in self.command('run', 'plain')]
        answer = self.call(command, INSIDEOUT_FAULT='dataset.create:term')
        for path in glob.glob(self.dataset + '.next*'):
            os.unlink(path)
        return answer.stdout + answer.stderr

    def unfinished(self):
        """What the journal still has to put back, as recover would tell."""
        answer = self.call(self.command('recover') + ['--dry-run', '--json'])
        try:
            return [step['text'] for step in json.loads(answer.stdout)['steps']]
        except ValueError:
            return [answer.stderr.strip() or 'recover --dry-run gave no JSON']

    def forget_dataset(self):
        for suffix in ('', '-wal', '-shm', '-journal'):
            if os.path.exists(self.dataset + suffix):
                os.unlink(self.dataset + suffix)

    def picture(self):
        """What a command must leave as it was."""
        seen = {f'{KSM}/{name}': read(f'{KSM}/{name}')
                for name in (os.listdir(KSM) if os.path.isdir(KSM) else ()) if name not in KSM_COUNTERS}
        seen.update({path: read(path) for path in SETTINGS})
        for name in os.listdir('/dev/shm'):
            if name.startswith('insideout-'):
                seen[f'/dev/shm/{name}'] = 'there'
        for name in os.listdir(os.path.join(self.state, 'guest')):
            status = os.stat(os.path.join(self.state, 'guest', name))
            seen[f'guest/{name}'] = f'{status.st_uid} {status.st_gid} {status.st_mode:o}'
        for folder, _, files in os.walk(self.run):
            for name in files:
                if name.endswith(('.sock', '.log')) or name.startswith('org.insideout'):
                    seen[os.path.join(folder, name)] = 'there'
        seen.update({f'process {pid}': text for pid, text in self.processes()})
        return seen

    def processes(self):
        """QEMUs and hostctls that work in this place; the libvirtd of an accident is the accident's own."""
        for pid in filter(str.isdigit, os.listdir('/proc')):
            text = read(f'/proc/{pid}/cmdline').replace('\0', ' ')
            if int(pid) != os.getpid() and self.dir in text and not text.startswith(('libvirtd ', 'virtlogd ')):
                yield pid, text[:120]

    def others(self):
        """QEMUs that are not of this place: while they run, what is shared on this host is theirs too."""
        return [pid for pid in filter(str.isdigit, os.listdir('/proc'))
                if 'qemu-system' in read(f'/proc/{pid}/cmdline').split('\0')[0]
                and self.dir not in read(f'/proc/{pid}/cmdline')]

    def await_alone(self, seconds):
        deadline = time.monotonic() + seconds
        while self.others() and time.monotonic() < deadline:
            time.sleep(0.5)


def fewer_remains(key, before, after):
    return key.rsplit('/', 1)[-1] in KSM_REMAINS and int(after.get(key, 0)) <= int(before.get(key, 0))


def difference(before, after):
    """One line for each thing that is not as before."""
    return [f'{key}: {before.get(key, "was not there")} -> {after.get(key, "gone")}'
            for key in sorted(before.keys() | after.keys())
            if before.get(key) != after.get(key) and not fewer_remains(key, before, after)]
