# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree of kernel files as a KVM node with many guests shows them: two vCPUs each, cgroup version 2."""
import os

VCPUS = 2
STAT = '{0} ({1}) S 1 {0} {0} 0 -1 138412416 900 0 0 0 8000 1000 0 0 20 0 4 0 5000 900000000 60000' + ' 0' * 28 + '\n'


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def write_guest(root, number):
    pid = 1000 + 10 * number
    process = f'{root}/proc/{pid}'
    scope = f'/machine.slice/machine-qemu\\x2d{number}\\x2dguest.scope'
    write(process + '/comm', 'qemu-system-x86\n')
    write(process + '/cmdline', '\0'.join(('/usr/bin/qemu-system-x86_64', '-name', f'guest=guest-{number},debug-threads=on',
                                           '-uuid', f'00000000-0000-4000-8000-{number:012d}', '-accel', 'kvm', '-m', '2048', '')))
    write(process + '/stat', STAT.format(pid, 'qemu-system-x86'))
    write(process + '/status', f'Name:\tqemu-system-x86\nVmRSS:\t{500000 + number} kB\nThreads:\t3\n')
    write(process + '/statm', f'900000 {(500000 + number) // 4} 4000 1000 0 600000 0\n')
    write(process + '/ksm_merging_pages', f'{number}\n')
    write(process + '/cgroup', f'0::{scope}/libvirt/emulator\n')
    for thread in range(VCPUS + 1):
        task = f'{process}/task/{pid + thread}'
        name = f'CPU {thread - 1}/KVM' if thread else 'qemu-system-x86'
        write(task + '/comm', name + '\n')
        write(task + '/stat', STAT.format(pid + thread, name))
        write(task + '/schedstat', f'{1000000 * number + thread} {20000 * number} {300 + number}\n')
    group = root + '/sys/fs/cgroup' + scope
    for folder in (group, *(f'{group}/libvirt/vcpu{vcpu}' for vcpu in range(VCPUS))):
        write(folder + '/cpu.stat', 'usage_usec 9000\nuser_usec 8000\nsystem_usec 1000\nnr_periods 0\n'
                                    'nr_throttled 0\nthrottled_usec 0\n')
        write(folder + '/cpu.max', 'max 100000\n')
    for kind in ('io', 'memory'):
        write(f'{group}/{kind}.pressure', 'some avg10=0.00 avg60=0.00 avg300=0.00 total=1234\n'
                                          'full avg10=0.00 avg60=0.00 avg300=0.00 total=234\n')
    write(f'{root}/sys/kernel/debug/kvm/{pid}-12/exits', f'{number * 1000}\n')


def make(root, guests, cpus=64):
    """Writes the tree; the sum of all vCPUs' run times, in ns."""
    lines = ['cpu ' + '0 ' * 10] + [f'cpu{cpu} 1000 0 500 9000 0 0 0 0 0 0' for cpu in range(cpus)]
    write(root + '/proc/stat', '\n'.join(lines) + '\n')
    write(root + '/proc/meminfo', 'MemTotal: 1000000000 kB\nMemAvailable: 500000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n')
    write(root + '/sys/devices/system/cpu/online', f'0-{cpus - 1}\n')
    for number in range(guests):
        write_guest(root, number)
    return sum(1000000 * number + thread for number in range(guests) for thread in range(1, VCPUS + 1))
