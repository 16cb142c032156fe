# SPDX-License-Identifier: GPL-3.0-or-later
"""Where and how hostctl is made to end: the rows and the columns of the crash matrix."""
import collections
import os
import re

# What the process gets at a stage. `cut` is a simulated power cut: journal and dataset as they are on
# the disk at that moment, each with a torn end; `hup` is a terminal that closes.
SIGNALS = ('kill', 'term', 'int', 'hup', 'cut')

# point: where in the sources; occasion: the N-th time; command: what runs; plan: one of place.PLANS;
# ticks: how many of a visit's samples were committed by then; dataset: whether it must be there.
Stage = collections.namedtuple('Stage', 'point occasion command plan ticks dataset text')


def _run(point, text, occasion=1, plan='plain', ticks=0, dataset=True):
    return Stage(point, occasion, 'run', plan, ticks, dataset, text)


# In the order in which a run comes by. Stages before the guests' boot use the modelled counters, whose
# files in /dev/shm are to go; the others mostly do without, since such guests boot three times faster.
STAGES = (
    _run('state.lock', 'the lock is taken', dataset=False),
    _run('connection.open', 'libvirt answers', dataset=False),
    _run('dataset.create', 'the dataset is made'),
    _run('dataset.before_commit', 'the run is about to be written'),
    _run('dataset.commit', 'the run is written'),
    _run('journal.add', 'the first setting is journaled, not yet changed'),
    _run('setting.write', 'the first setting is changed'),
    _run('journal.add', 'another setting is journaled, not yet changed', occasion=2),
    _run('setting.write', 'another setting is changed', occasion=2),
    _run('journal.change', 'a further value of a setting is journaled', plan='unmerge'),
    _run('ksm.unmerge', 'waiting until nothing is shared', plan='unmerge'),
    _run('guest.define', 'a guest is journaled, not yet started', plan='emulated'),
    _run('guest.start', 'a guest is started, its QEMU runs', plan='emulated'),
    _run('guest.define', 'a second guest is journaled', occasion=2, plan='pair'),
    _run('guest.start', 'a second guest is started', occasion=2, plan='pair'),
    _run('probe.hello', "a guest's probe talks"),
    _run('probe.arm', "the micro guest's events are armed", plan='emulated'),
    _run('balloon.ask', 'a balloon has its target'),
    _run('balloon.wait', 'waiting for a balloon'),
    _run('visit.start', 'a visit is begun'),
    _run('load.send', 'loads are being started'),
    _run('visit.settle', 'loads run, settling'),
    _run('clock.echo', 'in a burst of clock echoes', occasion=10),
    _run('view.start', 'the guest has begun to count'),
    _run('window.commit', 'the first sample is committed', ticks=1),
    _run('window.write', 'a sample is written, not yet committed', occasion=3, ticks=2),
    _run('window.commit', 'in the middle of the windows', occasion=3, ticks=3, plan='emulated'),
    _run('view.fetch', "the guest's samples are there", ticks=5),
    _run('load.end', 'a load is ended', ticks=5),
    _run('visit.end', 'a visit is done', ticks=5),
    _run('guest.undefine', 'a guest is destroyed, its files are there', ticks=5, plan='emulated'),
    _run('guest.remove_files', "a guest's files are being removed", ticks=5, plan='emulated'),
    _run('journal.done', 'the first entry is closed', ticks=5),
    _run('setting.put_back', 'a setting is put back, still in the journal', ticks=5),
    _run('dataset.finish', 'the dataset is being closed', ticks=5),
    Stage('recover.step', 1, 'recover', 'emulated', 0, True, 'recover has done its first step'),
    Stage('recover.step', 3, 'recover', 'emulated', 0, True, 'recover has done its third step'),
    Stage('setting.put_back', 1, 'recover', 'emulated', 0, True, 'recover has put a setting back'),
    Stage('guest.undefine', 1, 'recover', 'emulated', 0, True, 'recover has destroyed a guest'),
    Stage('setting.write', 2, 'next run', 'plain', 0, True, 'not recover but the next run puts back'),
    Stage('guest.start', 1, 'next run', 'emulated', 0, True, 'the same, a guest is there'),
    Stage('window.commit', 3, 'next run', 'plain', 3, True, 'the same, in the middle of the windows'),
    Stage('journal.add', 1, 'ksm', None, 0, False, 'ksm set: journaled, not yet changed'),
    Stage('setting.write', 1, 'ksm', None, 0, False, 'ksm set: changed'),
    Stage('setting.put_back', 1, 'ksm restore', None, 0, False, 'ksm restore: put back, still in the journal'),
    Stage('guest.start', 1, 'provision', None, 0, False, 'guest provision: started'),
)

POINT = re.compile(r'\bfault_(?:point|errno|number)\("([a-z_.]+)"')


def name_of(stage):
    occasion = f'#{stage.occasion}' if stage.occasion > 1 else ''
    command = '' if stage.command == 'run' else f'{stage.command}: '
    return f'{command}{stage.point}{occasion}'


def points_in_sources(root):
    """Every fault point's name and the files that have it, from the sources themselves."""
    found = {}
    for folder in ('common', 'hostctl', 'guestprobe', 'correlate'):
        for path, _, files in os.walk(os.path.join(root, folder)):
            for file in files:
                if not file.endswith('.c') or file == 'fault.c':
                    continue
                with open(os.path.join(path, file), encoding='utf-8') as source:
                    for name in POINT.findall(source.read()):
                        found.setdefault(name, set()).add(os.path.relpath(os.path.join(path, file), root))
    return {name: sorted(files) for name, files in sorted(found.items())}


def all_cells():
    """Every (stage, signal). `ksm set` and its like end at once, so a terminal need not be closed on them."""
    return [(stage, signal) for stage in STAGES for signal in SIGNALS]
