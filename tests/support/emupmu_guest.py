# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests under plain TCG or with the emupmu plugin, driven by a shell on their serial console."""
import json
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
import threading
import time

IMAGE = os.environ.get('IMAGE', '/var/lib/insideout/guest')
QEMU = 'qemu-system-x86_64'
LOAD = 'MALLOC_MMAP_THRESHOLD_=65536 stress -c 1 -m 1 --vm-bytes 4M -i 4 >/dev/null 2>&1 &'

# The counter page, as docs/counter-page.md describes it.
HEADER = struct.Struct('<QIIQIII')
MAGIC = int.from_bytes(b'EMUPMU\0\0', 'little')
SLOTS, SLOT_BYTES, COPIES, TUPLE = 256, 512, 64, struct.Struct('<16Q')
NAMES = ('cycles', 'instructions', 'branches', 'branch_misses', 'cache_references', 'cache_misses',
         'handovers', 'string_rounds', 'publishes', 'host_tsc', 'host_cpu')


def why_not(plugin):
    """A sentence when guests cannot run here, else None."""
    if not shutil.which(QEMU):
        return QEMU + ' is not installed'
    if not os.path.exists(plugin):
        return f'no plugin at {plugin}: build it first'
    for name in ('vmlinuz', 'initramfs'):
        if not os.access(f'{IMAGE}/{name}', os.R_OK):
            return f'no guest image in {IMAGE}: appliance/build makes it'
    return None


class Page:
    def __init__(self, path):
        fd = os.open(path, os.O_RDONLY)
        self.memory = mmap.mmap(fd, 1 << 20, prot=mmap.PROT_READ)
        os.close(fd)
        magic, version = HEADER.unpack_from(self.memory)[:2]
        if magic != MAGIC or version != 1:
            raise RuntimeError(f'{path} is no counter page of version 1')

    def read(self, vcpu=0):
        slot = SLOTS + SLOT_BYTES * vcpu
        for _ in range(10000):
            sequence, = struct.unpack_from('<Q', self.memory, slot)
            words = TUPLE.unpack_from(self.memory, slot + COPIES + TUPLE.size * (sequence & 1))
            if struct.unpack_from('<Q', self.memory, slot) == (sequence,):
                return dict(zip(NAMES, words))
        raise RuntimeError('no consistent tuple')


class Guest:
    """One guest with a root shell as process 1; `plugin` None is plain TCG."""

    def __init__(self, folder, number, cpus, plugin=None, memory_mib=128, initramfs=None, options='',
                 accel='tcg', cmdline='', more=()):
        self.page_path = f'{folder}/page-{number}'
        with open(f'{IMAGE}/manifest.json', encoding='utf-8') as file:
            cmdline = ' '.join((json.load(file)['cmdline'], 'rdinit=/bin/sh', cmdline))
        command = ['taskset', '-c', cpus, QEMU, '-name', f'emupmu-{number},debug-threads=on', '-accel', accel,
                   '-machine', 'q35', '-cpu', 'max,-erms', '-m', str(memory_mib), '-nodefaults',
                   '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio',
                   '-kernel', f'{IMAGE}/vmlinuz', '-initrd', initramfs or f'{IMAGE}/initramfs',
                   '-append', cmdline, *more]
        if plugin:
            command += ['-plugin', f'file={plugin},page={self.page_path},host={folder}/host,'
                                   f'vmid={number}{options}']
        self.lines, self.more, self.marks = [], threading.Condition(), 0
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors='replace')
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            with self.more:
                self.lines.append(line.strip())
                self.more.notify_all()
        with self.more:
            self.lines.append(None)
            self.more.notify_all()

    def expect(self, text, timeout=120):
        """The first line with `text`; lines before it are dropped."""
        end = time.monotonic() + timeout
        seen = []
        with self.more:
            while True:
                while self.lines:
                    line = self.lines.pop(0)
                    if line is None:
                        raise RuntimeError('the guest ended:\n' + '\n'.join(seen))
                    if text in line:
                        return line
                    seen.append(line)
                if not self.more.wait(end - time.monotonic()):
                    raise RuntimeError(f'the guest did not say "{text}":\n' + '\n'.join(seen))

    def type(self, line):
        self.process.stdin.write(line + '\n')
        self.process.stdin.flush()

    def say(self, command):
        """Runs a command in the guest's shell and waits until the shell took it."""
        self.marks += 1
        # The shell echoes what it reads, so the mark must not stand there as it will be printed.
        self.type(f'{command}\necho "did" "{self.marks}"')
        return self.expect(f'did {self.marks}')

    def boot(self):
        """Waits for the shell; the seconds from QEMU's start."""
        # What comes before the kernel opened the console is lost, a few bytes of it.
        self.say('#' * 64)
        self.say('mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev')
        return time.monotonic() - self.started

    def vcpu_seconds(self):
        """CPU time of the host that the vCPU threads took."""
        total = 0
        for task in os.listdir(f'/proc/{self.process.pid}/task'):
            folder = f'/proc/{self.process.pid}/task/{task}'
            with open(folder + '/comm', encoding='utf-8') as file:
                if not file.read().rstrip().endswith('/TCG'):
                    continue
            with open(folder + '/schedstat', encoding='utf-8') as file:
                total += int(file.read().split()[0])
        return total / 1e9

    def end(self):
        self.process.kill()
        self.process.wait()


class Lab:
    """A folder for pages and host file, and the guests in it; all gone at the end."""

    def __init__(self, plugin):
        self.plugin, self.guests = plugin, []

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix='emupmu-', dir='/dev/shm')
        return self

    def start(self, cpus, plugin=True, number=None, **more):
        number = number or len(self.guests) + 1
        guest = Guest(self.folder, number, cpus, self.plugin if plugin else None, **more)
        self.guests.append(guest)
        return guest

    def __exit__(self, *_):
        for guest in self.guests:
            guest.end()
        shutil.rmtree(self.folder)
