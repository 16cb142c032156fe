# SPDX-License-Identifier: GPL-3.0-or-later
"""Paired rounds: both sides do the same work in turn, and a row says by what factor they differ."""
import argparse
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Student's t for 95 %, by degrees of freedom.
T_95 = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
        2.131, 2.120, 2.110, 2.101, 2.093, 2.086)


def options(text, rounds, **more):
    """The options every bench has, and those of `more`: name=(default, help)."""
    # Whoever is told to end still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit('ended by a signal'))
    parser = argparse.ArgumentParser(description=text.split('\n')[0])
    parser.add_argument('--build', default=TOP + '/build-bench', help='where the programs were built')
    parser.add_argument('--rounds', type=int, default=rounds, help='pairs of measurements (%(default)s)')
    parser.add_argument('--json', action='store_true', help='one object a row instead of a table')
    for name, (default, note) in more.items():
        parser.add_argument('--' + name, type=type(default), default=default, help=note + ' (%(default)s)')
    return parser.parse_args()


def interval(values):
    """Mean and its 95 % interval; no interval for one value."""
    mean = statistics.fmean(values)
    if len(values) < 2:
        return mean, None, None
    half = T_95[min(len(values) - 1, len(T_95)) - 1] * statistics.stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def ratio_interval(ratios):
    """Geometric mean and its 95 % interval."""
    return tuple(None if value is None else math.exp(value) for value in interval([math.log(r) for r in ratios]))


def row(question, ours, peer, pairs, goal, ours_name, peer_name, unit, note='', limit=None):
    """`pairs` are (ours, peer) of each round. `goal` is the largest ratio that is good enough."""
    ratio, low, high = ratio_interval([o / p for o, p in pairs])
    return {'question': question, 'ours': ours, 'peer': peer, 'ours_name': ours_name, 'peer_name': peer_name,
            'unit': unit, 'ratio': ratio, 'low': low, 'high': high, 'rounds': len(pairs), 'goal': goal,
            'met': ratio <= goal, 'limit': limit, 'note': note}


def paired_row(question, pairs, goal, **more):
    return row(question, statistics.fmean(o for o, _ in pairs), statistics.fmean(p for _, p in pairs), pairs, goal, **more)


def share_row(question, shares, goal, note='', ours_name='', unit='of busy time'):
    """A share of something instead of a factor: no peer."""
    mean, low, high = interval(shares)
    return {'question': question, 'ours': mean, 'peer': None, 'ours_name': ours_name, 'peer_name': None, 'unit': unit,
            'ratio': mean, 'low': low, 'high': high, 'rounds': len(shares), 'goal': goal, 'met': mean <= goal,
            'limit': None, 'note': note}


def figure(value):
    return '-' if value is None else f'{value:.3g}'


def show(rows, as_json):
    for line in rows:
        if as_json:
            print(json.dumps(line))
            continue
        print(f'{line["question"]}\n    {line["ours_name"]} {figure(line["ours"])}, {line["peer_name"] or "no peer"} '
              f'{figure(line["peer"])} {line["unit"]}; ratio {figure(line["ratio"])} '
              f'[{figure(line["low"])}, {figure(line["high"])}] over {line["rounds"]} rounds, goal {line["goal"]}: '
              + ('met' if line['met'] else 'MISSED') + (f'\n    {line["note"]}' if line['note'] else ''))
    sys.stdout.flush()


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            sys.exit(f'{os.path.basename(sys.argv[0])}: {program} is not there: build with bench/run, '
                     'or install it with scripts/install-packages bench')


def cpu_ns(pid):
    """CPU time so far of all threads of a process, and of those alone that live; ns."""
    total = 0
    for task in os.listdir(f'/proc/{pid}/task'):
        try:
            with open(f'/proc/{pid}/task/{task}/schedstat', encoding='utf-8') as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass
    return total


def run_to_end(command, **more):
    """CPU seconds, largest resident KiB and standard output of a command that must succeed."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **more)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f'{command[0]} ended with {process.returncode}:\n{output}')
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss, output


class FakeQemu:
    """A process that looks like QEMU, with `vcpus` threads that do a little work."""

    def __init__(self, build, name, vcpus, busy_us=20, idle_us=20000):
        self.process = subprocess.Popen(
            [build + '/tests/fake_qemu', '-name', f'guest={name},debug-threads=on', str(vcpus),
             str(max(os.sched_getaffinity(0))), str(busy_us), str(idle_us)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b'ready\n'
        self.pid = self.process.pid

    def vcpu_tids(self):
        tids = []
        for tid in sorted(os.listdir(f'/proc/{self.pid}/task'), key=int):
            with open(f'/proc/{self.pid}/task/{tid}/comm', encoding='utf-8') as file:
                if file.read().startswith('CPU '):
                    tids.append(tid)
        return tids

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
