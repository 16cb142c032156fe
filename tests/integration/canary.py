#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The canary tells other guests from other processes: on one CPU a guest is alone, has a further
process of its own, or two other guests beside it.

Usage: canary.py PLUGIN CANARY_FORMS [FORM...]
FORM is WORDS/TRAININGS/GAP_US/PERIOD_MS; guestprobe's own form is always sung and alone is judged.
Asserts directions and their ratio only; the figures depend on the machine.
"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/../support')
from emupmu_guest import IMAGE, LOAD, Lab, why_not

OWN, SECONDS, RISE = '-', 6, 3
# Branches that nothing can learn, and many of them: the worst neighbour inside the guest.
AWK = ("busybox awk 'BEGIN { srand(1); while (1) { if (rand() < .5) a[i++ % 97]++; else b[i++ % 89]-- } }'"
       ' >/dev/null 2>&1 &')
LINE = re.compile(r'form (\S+) branches (\d+) misses (\d+) kept (\d+) dropped (\d+) gaps (\d+) cpu ([\d.]+)')


def newc(name, mode, data=b''):
    """One file of a cpio archive, as the kernel takes them after the image's own."""
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b'070701' + b''.join(b'%08x' % field for field in fields) + name.encode() + b'\0'
    return head + b'\0' * (-len(head) % 4) + data + b'\0' * (-len(data) % 4)


def image_with(program, path):
    with open(f'{IMAGE}/initramfs', 'rb') as file:
        image = file.read()
    with open(program, 'rb') as file:
        image += b'\0' * (-len(image) % 4) + newc('canary_forms', 0o100755, file.read())
    with open(path, 'wb') as file:
        file.write(image + newc('TRAILER!!!', 0))
    return path


def shared_memory(path):
    return ('-object', f'memory-backend-file,id=page,share=on,mem-path={path},size=1M',
            '-device', 'ivshmem-plain,memdev=page')


def listen(state, guest, forms):
    """The miss rate of each form."""
    time.sleep(2)
    guest.type(f'/canary_forms {SECONDS} {" ".join(forms)}')
    rates = {}
    for form in forms:
        said = LINE.search(guest.expect('form ' + form + ' '))
        if not said:
            raise RuntimeError(f'form {form} was not sung')
        branches, misses, kept, dropped, gaps = map(int, said.groups()[1:6])
        rates[form] = misses / branches if branches else float('nan')
        print(f'{state:15} {form:14} miss rate {rates[form]:.4f}   {kept / SECONDS:5.1f} bursts/s, '
              f'{dropped} dropped, {gaps} with a gap, {100 * float(said.group(7)):.2f} % of the CPU', flush=True)
    return rates


def measure(lab, program, forms):
    cpu = str(max(os.sched_getaffinity(0)))
    image = image_with(program, lab.folder + '/initramfs')
    guests = [lab.start(cpu, initramfs=image, more=shared_memory(f'{lab.folder}/page-{n}'))
              for n in (1, 2, 3)]
    for guest in guests:
        guest.boot()
    micro, rates = guests[0], {}
    micro.say(LOAD)
    rates['alone'] = listen('alone', micro, forms)
    micro.say('stress -c 1 >/dev/null 2>&1 &')
    rates['stress'] = listen('+ stress -c 1', micro, forms)
    micro.say('killall stress')
    micro.say(LOAD)
    micro.say(AWK)
    rates['awk'] = listen('+ awk', micro, forms)
    micro.say('kill $!')
    for guest in guests[1:]:
        guest.say(LOAD)
    rates['three'] = listen('three guests', micro, forms)
    for guest in guests[1:]:
        guest.say('killall stress')
    rates['again'] = listen('alone again', micro, forms)
    return rates


def main():
    plugin, program, forms = os.path.abspath(sys.argv[1]), sys.argv[2], [OWN] + sys.argv[3:]
    reason = why_not(plugin)
    if reason:
        print('SKIP: ' + reason)
        return 77
    with Lab(plugin) as lab:
        rates = measure(lab, program, forms)
    for form in forms:
        rise = rates['three'][form] - rates['alone'][form]
        inside = max(abs(rates[state][form] - rates['alone'][form]) for state in ('stress', 'awk'))
        print(f'{form}: rises by {rise:.4f} with two guests, changes by {inside:.4f} with a process inside: '
              f'{rise / inside if inside else float("inf"):.1f} times')
        if form == OWN and not rise >= RISE * inside:
            print(f'not ok - the canary rises {RISE} times as far as another process inside moves it')
            return 1
        if form == OWN and not rates['again'][form] < (rates['alone'][form] + rates['three'][form]) / 2:
            print('not ok - it comes back when the other guests stop')
            return 1
    print('ok - the canary rises at least three times as far as another process inside moves it, and comes back')
    return 0


sys.exit(main())
