#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody does who has the reference experiment's perf files and correlate, and nothing else.

Usage: correlate.py CORRELATE MAKE_SYNTHETIC
Nine steps, two conditions, five repeats, files named Exp0X_DDMM_hhmm.csv: imported, then given to every
other command.
"""
import json
import os
import random
import subprocess
import sys
import tempfile

CORRELATE, MAKE_SYNTHETIC = sys.argv[1:3]
CPU = 'Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz'
failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    ')[-2000:])


def run(*words, want=0):
    result = subprocess.run([CORRELATE, *words], stdin=subprocess.DEVNULL, capture_output=True,
                            text=True, timeout=120, check=False)
    check(f'correlate {" ".join(os.path.basename(word) for word in words)} ends with {want}',
          result.returncode == want, f'{result.returncode}: {result.stderr}')
    return result.stdout


def perf_file(path, vp_percent, rng):
    """A minute of perf stat -x, -I 1000; misses bend at 100 %, cache misses rise a little."""
    misses = 15 * (1 + 0.6 * max(0, vp_percent - 100) / 100) * (1 + 0.02 * rng.gauss(0, 1))
    t = 0.0
    with open(path, 'w', encoding='ascii') as out:
        out.write('# started on Sat Mar 10 12:00:00 2018\n\n')
        for _ in range(60):
            t += 1.0 + 0.002 * rng.random()
            cycles = 2.4e9 * (1 + 0.01 * rng.gauss(0, 1))
            for event, value, tail in (
                    ('cycles', cycles, '2.400,GHz'),
                    ('instructions', 0.8 * cycles, '0.80,insn per cycle'),
                    ('branch-misses', cycles * misses * 1e-4 * (1 + 0.05 * rng.gauss(0, 1)), ','),
                    ('cache-misses', cycles * 7e-4 * (1 + 0.05 * rng.gauss(0, 1)), ',')):
                out.write(f'{t:15.9f},{int(value)},,{event},1000000000,100.00,{tail}\n')


def make_index(folder):
    rng = random.Random(2018)
    steps = []
    for repeat in range(1, 6):
        for condition, first in (('quiet', 1), ('noisy', 2)):
            for k, vp_percent in enumerate(range(0, 201, 25)):
                name = f'Exp0{first}_{9 + repeat:02d}03_{10 + k:02d}{first:02d}.csv'
                perf_file(os.path.join(folder, name), vp_percent, rng)
                steps.append({'condition': condition, 'vp_percent': vp_percent, 'repeat': repeat, 'guest': name})
    path = os.path.join(folder, 'index.json')
    with open(path, 'w', encoding='utf-8') as out:
        json.dump({'version': 1, 'cpu_model': CPU, 'pool_cpus': 40,
                   'load': ['stress', '-c', '1', '-m', '1', '-i', '4', '-t', '60s'], 'steps': steps}, out)
    return path, os.path.join(folder, steps[-1]['guest'])


def check_document(text):
    document = json.loads(text)
    rows = {(row['name'], row['condition'], row['truth']): row for row in document['estimators']}
    primary = rows['branch_misses_per_cycle', 'noisy', 'vp']
    check('the planted threshold is found', primary['shape'] == 'threshold'
          and primary['knee_low'] <= 100 <= primary['knee_high'], primary)
    check('the primary hypothesis is not corrected, the others are',
          primary['p_holm'] is None and rows['cpi', 'noisy', 'vp']['p_holm'] is not None)
    check('cache misses, which were planted flat, are no threshold',
          rows['cache_misses_per_cycle', 'noisy', 'vp']['shape'] != 'threshold')
    check('imported is called imported', document['counters'] == 'imported')
    check('five repeats are not exploratory', not primary['exploratory'])


def check_imported(folder):
    index, perf = make_index(folder)
    path = os.path.join(folder, 'imported.db')
    thresholds = os.path.join(folder, 'thresholds.json')
    page = os.path.join(folder, 'report.html')

    run('import', index, '-o', path)
    check_document(run('validate', path, '--json'))
    check('validate prints its tables', 'Fidelity' in run('validate', path))
    run('report', path, '-o', page, '--figures', os.path.join(folder, 'figures'))
    with open(page, encoding='utf-8') as text:
        check('the report is a whole page', text.read().rstrip().endswith('</html>'))
    lines = run('export', path, '--format', 'csv').splitlines()
    check('export has a row a window', len(lines) == 1 + 90 * 55, len(lines))
    rows = [json.loads(line) for line in run('export', path, '--format', 'json').splitlines()]
    check('export to JSON has as many', len(rows) == 90 * 55)

    run('learn', path, '-o', thresholds)
    judged = [json.loads(line) for line in run('judge', '-t', thresholds, path, '-j').splitlines()]
    check('judge says one object a window', len(judged) == 90 * 55
          and list(judged[0]) == ['t_seconds', 'estimator', 'value', 'threshold', 'match', 'verdict'], judged[:1])
    run('judge', '-t', thresholds, perf)
    judged = run('judge', '-t', thresholds, perf, '--cpu-model', CPU, '-j', want=3)
    check('a loaded guest of that CPU is told', judged.count('"overcommitted"') > 50)
    check('rules are written', 'node_perf_branch_misses_total' in run('rules', thresholds))
    check('list shows the run', 'imported.db' in run('list', folder))
    differences = json.loads(run('compare', path, path, '--json'))['differences']
    check('a run does not differ from itself',
          differences and all(row['difference'] == 0 for row in differences))


def check_refusals(folder):
    emulated = os.path.join(folder, 'emulated.db')
    subprocess.run([MAKE_SYNTHETIC, emulated], check=True)
    thresholds = os.path.join(folder, 'emulated.json')
    run('learn', emulated, '-o', thresholds, want=1)
    check('nothing was written', not os.path.exists(thresholds))
    run('learn', emulated, '-o', thresholds, '--allow-emulated')
    run('rules', thresholds, want=1)
    run('compare', emulated, os.path.join(folder, 'imported.db'), want=1)
    run('export', emulated, '--format', 'xml', want=2)
    run('judge', emulated, want=2)
    run('learn', emulated, '--hold-out', 'moon', want=2)
    subprocess.run([MAKE_SYNTHETIC, emulated, 'wrong_steal=0.1'], check=True)
    run('validate', emulated, want=3)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_imported(folder)
        check_refusals(folder)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
