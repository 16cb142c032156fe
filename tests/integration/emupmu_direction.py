#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated counters answer to contention: on one CPU a guest runs alone, with two others, alone.

Usage: emupmu_direction.py PLUGIN
Asserts directions only; the figures depend on the machine.
"""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + '/../support')
from emupmu_guest import LOAD, Lab, Page, why_not

SETTLE_SECONDS, WINDOWS = 3, 10
failures = 0


def check(name, passed):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name, flush=True)
    failures += not passed


def window(page, before):
    time.sleep(1)
    after = page.read()
    change = {name: after[name] - before[name] for name in after}
    if min(change[name] for name in ('cycles', 'instructions', 'branches', 'branch_misses')) < 0:
        raise RuntimeError(f'a count fell: {before} then {after}')
    if change['branches'] == 0:
        raise RuntimeError('the guest did nothing for a second')
    return after, {
        'rate': 100 * change['branch_misses'] / change['branches'],
        'per_cycle': 1e4 * change['branch_misses'] / change['cycles'],
        'handovers': change['handovers'],
        'mips': change['instructions'] / 1e6,
    }


def measure(name, page):
    time.sleep(SETTLE_SECONDS)
    tuple_before, windows = page.read(), []
    for _ in range(WINDOWS):
        tuple_before, values = window(page, tuple_before)
        windows.append(values)
    means = {key: statistics.mean(w[key] for w in windows) for key in windows[0]}
    noise = {key: 100 * statistics.pstdev(w[key] for w in windows) / means[key] for key in ('rate', 'per_cycle')}
    print(f'{name:12} miss rate {means["rate"]:.3f} % (sd {noise["rate"]:.1f} %)   '
          f'misses/cycles*1e4 {means["per_cycle"]:.2f} (sd {noise["per_cycle"]:.1f} %)   '
          f'{means["handovers"]:.0f} handovers/s   {means["mips"]:.0f} Minstr/s', flush=True)
    return means


def main():
    plugin = os.path.abspath(sys.argv[1])
    reason = why_not(plugin)
    if reason:
        print('SKIP: ' + reason)
        return 77
    cpu = str(max(os.sched_getaffinity(0)))
    with Lab(plugin) as lab:
        guests = [lab.start(cpu) for _ in range(3)]
        print('booted in', ', '.join(f'{guest.boot():.1f} s' for guest in guests), 'on one CPU together', flush=True)
        micro, page = guests[0], Page(guests[0].page_path)
        micro.say(LOAD)
        alone = measure('alone', page)
        for guest in guests[1:]:
            guest.say(LOAD)
        shared = measure('with two', page)
        for guest in guests[1:]:
            guest.say('killall stress')
        again = measure('alone again', page)
    check('the branch miss rate rises when two other guests share the CPU', shared['rate'] > alone['rate'])
    check('it comes back when they stop', again['rate'] < (alone['rate'] + shared['rate']) / 2)
    check('handovers rise and come back', shared['handovers'] > 2 * max(alone['handovers'], again['handovers']))
    return 1 if failures else 0


sys.exit(main())
