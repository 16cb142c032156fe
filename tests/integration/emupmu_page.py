#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The counter page in real QEMUs: host and guest see the same counts, each vCPU has its own, a restart
shows, and wrong options are refused by name.

Usage: emupmu_page.py PLUGIN
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/../support')
from emupmu_guest import HEADER, IMAGE, QEMU, Lab, Page, why_not

EVENTS = ('cycles', 'instructions', 'branches', 'branch-misses', 'cache-references', 'cache-misses')
failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name, flush=True)
    if not passed:
        failures += 1
        print('    ' + str(detail))


def shared_memory(path):
    return ('-object', f'memory-backend-file,id=page,share=on,mem-path={path},size=1M',
            '-device', 'ivshmem-plain,memdev=page')


def guest_and_host_agree(lab, cpus):
    """The guest's whole count of a command lies between what the host saw just inside and just outside."""
    guest = lab.start(cpus, more=shared_memory(f'{lab.folder}/page-1'))
    guest.boot()
    page = Page(guest.page_path)
    before = page.read()
    # Written so that the shell's echo of the command is not taken for its output.
    guest.type('guestprobe --source emulated -x, -o /counts -e ' + ','.join(EVENTS) +
               """ -- sh -c 'echo "be" "gun"; sleep 2; echo "en" "ded"'""")
    guest.expect('be gun')
    inside_first = page.read()
    guest.expect('en ded')
    inside_last = page.read()
    guest.say('true')
    after = page.read()
    guest.type('while read -r line; do echo "COUNT" "$line"; done </counts')
    counts = {}
    while len(counts) < len(EVENTS):
        words = guest.expect('COUNT ').removeprefix('COUNT ').split(',')
        if len(words) > 2:
            counts[words[2].split(':')[0]] = int(words[0])
    for event in EVENTS:
        name = event.replace('-', '_')
        least, most = inside_last[name] - inside_first[name], after[name] - before[name]
        check(f'{event} of a command in the guest lie between the host\'s two views of it',
              least <= counts[event] <= most, f'{least} <= {counts[event]} <= {most}')
    return guest


def vcpus_count_apart(lab, cpus):
    # So little room for translations that QEMU flushes them again and again.
    guest = lab.start(cpus, accel='tcg,thread=multi,tb-size=8', more=('-smp', '2'))
    guest.boot()
    page = Page(guest.page_path)
    guest.say('taskset 2 sh -c "while :; do :; done" &')
    time.sleep(1)
    before = page.read(0), page.read(1)
    time.sleep(3)
    done = [page.read(i)['instructions'] - before[i]['instructions'] for i in range(2)]
    check('a load on the second vCPU counts there', done[1] > 10 * done[0], done)
    check('both vCPUs count', before[0]['instructions'] > 1e6 and before[1]['instructions'] > 1e6, before)


def idle_counts_are_published(guest):
    page = Page(guest.page_path)
    first = page.read()
    time.sleep(3)
    second = page.read()
    # A few thousand instructions a timer tick: without publishing at idle they would not show.
    check('an idle guest publishes', second['publishes'] > first['publishes'] and
          second['instructions'] > first['instructions'], (first, second))
    check('host time goes on between publications', second['host_tsc'] > first['host_tsc'])


def restart_shows(lab, guest, cpus):
    page = Page(guest.page_path)
    before, counts = HEADER.unpack_from(page.memory), page.read()
    guest.end()
    again = lab.start(cpus, number=1)
    again.boot()
    after = HEADER.unpack_from(page.memory)
    check('a new start of QEMU on the page is another instance', after[3] not in (0, before[3]), (before, after))
    check('its counts begin anew', page.read()['publishes'] != counts['publishes'] and
          page.read()['instructions'] > 0)


def refuses(plugin, folder, arguments, wanted, *more):
    result = subprocess.run([QEMU, '-accel', 'tcg', '-machine', 'q35', '-nodefaults', '-display', 'none', '-S',
                             *more, '-plugin', f'file={plugin},{arguments}'], timeout=30, text=True,
                            stdin=subprocess.DEVNULL, capture_output=True, check=False)
    check(f'refuses "{arguments.replace(folder, "…")}" {" ".join(more)} and says "{wanted}"',
          result.returncode != 0 and wanted in result.stderr, result.stderr)


def refusals(lab):
    files = f'page={lab.folder}/p,host={lab.folder}/host'
    os.symlink('/etc/passwd', lab.folder + '/link')
    refuses(lab.plugin, lab.folder, files, 'option vmid: missing')
    refuses(lab.plugin, lab.folder, files + ',vmid=0', 'option vmid: wrong value')
    refuses(lab.plugin, lab.folder, files + ',vmid=1,size=3', 'option size=3: unknown')
    refuses(lab.plugin, lab.folder, files + ',vmid=1,llc_kib=2048', 'belongs to guests with 4096')
    refuses(lab.plugin, lab.folder, f'page={lab.folder}/link,host={lab.folder}/host,vmid=1', 'option page')
    refuses(lab.plugin, lab.folder, f'page={lab.folder}/p,host=/nowhere/host,vmid=1', 'option host')
    refuses(lab.plugin, lab.folder, files + ',vmid=1', 'may have 65 vCPUs', '-smp', '1,maxcpus=65')


def main():
    plugin = os.path.abspath(sys.argv[1])
    reason = why_not(plugin)
    if not reason and not os.path.exists(IMAGE + '/manifest.json'):
        reason = f'no manifest in {IMAGE}'
    if reason:
        print('SKIP: ' + reason)
        return 77
    cpus = ','.join(map(str, sorted(os.sched_getaffinity(0))))
    with Lab(plugin) as lab:
        guest = guest_and_host_agree(lab, cpus)
        idle_counts_are_published(guest)
        vcpus_count_apart(lab, cpus)
        refusals(lab)
        restart_shows(lab, guest, cpus)
    return 1 if failures else 0


sys.exit(main())
