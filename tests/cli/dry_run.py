#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `hostctl run --dry-run` says on a machine of the fixtures. dry_run.py HOSTCTL TESTS-FOLDER

Cascade Lake with Hyper-Threading has counters for one side only: guest and host alternate.
"""
import json
import os
import subprocess
import sys
import tempfile

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print(detail)


def dry_run(hostctl, root, folder, **changes):
    plan = {'version': 1, 'name': 'few', 'accelerator': 'kvm', 'counters': 'hardware', 'load': ['true'], 'steps_percent': [0, 100],
            'repeats': 2, 'measure_seconds': 60, 'guests': {'bulk': {'count': '100%'}},
            'conditions': [{'name': 'on', 'ksm': 'on'}, {'name': 'off', 'ksm': 'off'}], **changes}
    path = os.path.join(folder, 'plan.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(plan, file)
    result = subprocess.run([hostctl, '--root', root, 'run', path, '--dry-run'], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                            timeout=60, check=False,
                            env={**os.environ, 'INSIDEOUT_STATE_DIR': folder + '/state', 'INSIDEOUT_RUN_DIR': folder + '/run'})
    return result.stdout + result.stderr


def main(hostctl, tests):
    root = os.path.join(tests, 'fixtures', 'host-cascadelake-ht')
    with tempfile.TemporaryDirectory() as folder:
        text = dry_run(hostctl, root, folder)
        check('it names the layout', 'layout       alternate: ' in text, text)
        check('it says how many windows can be compared', 'turns of 4 windows' in text and 'in 9 of its 60 windows' in text, text)
        check('it shows what counts in the overlap', '\noverlap: guest cycles,branch-misses {cycles,branch-misses}:G' in text, text)
        check('its time holds the longest that page sharing settles', 'at most 4 min 00 s for page sharing to settle, 120 s a block' in text, text)

        text = dry_run(hostctl, root, folder, measure_seconds=5, ksm_settle_scans=0)
        check('it says that a visit is too short for all turns', 'in 0 of its 5 windows' in text and 'measure longer' in text, text)
        check('it says nothing of settling that is not waited for', 'to settle' not in text, text)

        text = dry_run(hostctl, root, folder, events=['cycles', 'branch-misses'])
        check('two events need no turns of the guest', 'alternate' not in text and 'layout' in text, text)

        text = dry_run(hostctl, root, folder, guests={'micro': {'scope': 'task'}, 'bulk': {'count': '100%'}})
        check('a guest that counts its load alone counts on', 'so the host does not count' in text, text)
        check('nothing was made', sorted(os.listdir(folder)) == ['plan.json'], str(os.listdir(folder)))
    return failures > 0


sys.exit(main(sys.argv[1], sys.argv[2]))
