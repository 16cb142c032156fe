#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""correlate judge and guestprobe --judge say the same of every window.

Usage: judge_agrees.py CORRELATE GUESTPROBE DATASET | --synthetic MAKE_SYNTHETIC
correlate judges the dataset; guestprobe judges the micro guest's windows as correlate export --format perf
writes them, and as JSON; correlate judges that file too. Thresholds lie in
the middle of what was measured, one above and one below for each estimator, so that both verdicts come up.
"""
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile

CORRELATE, GUESTPROBE = sys.argv[1:3]
KEYS = ['t_seconds', 'estimator', 'value', 'threshold', 'match', 'verdict']
ESTIMATORS = ('branch_misses_per_cycle', 'cache_misses_per_cycle', 'branch_miss_rate', 'cpi', 'branch_mpki',
              'cache_mpki', 'cycles_per_second', 'canary_miss_rate')
failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    ')[:2000])


def run(*words, codes=(0,)):
    result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
    if result.returncode not in codes:
        sys.exit(f'{" ".join(words)}: exit {result.returncode}: {result.stderr}')
    return result


def ask(dataset, sql):
    with sqlite3.connect(f'file:{dataset}?mode=ro', uri=True) as database:
        return database.execute(sql).fetchone()


def write_thresholds(path, dataset):
    """Entries for the CPU that the dataset says it is from."""
    rows = list(csv.DictReader(io.StringIO(run(CORRELATE, 'export', dataset).stdout)))
    model, counters = ask(dataset, 'select cpu_model, counters from run')
    entries = []
    for name in ESTIMATORS:
        values = sorted(float(row[name]) for row in rows if row[name])
        for direction in ('above', 'below') if len(values) > 1 else ():
            entries.append({
                'cpu_model': 'emupmu' if counters == 'emulated' else model, 'microcode': None, 'mitigations': None,
                'load': None, 'counters': counters, 'estimator': name, 'truth': 'vp', 'direction': direction,
                'threshold': (values[len(values) // 2 - 1] + values[len(values) // 2]) / 2, 'heldout_sensitivity': len(entries) / 100, 'datasets': []})
    with open(path, 'w', encoding='utf-8') as file:
        json.dump({'format': 1, 'entries': entries}, file)
    return entries


def judged(*words):
    result = run(*words, codes=(0, 3))
    return [json.loads(line) for line in result.stdout.splitlines()], result.returncode


def as_json(path, lines):
    """The same counts as perf stat -j prints them."""
    with open(path, 'w', encoding='ascii') as out:
        for t, value, unit, event, runtime, percent, *_ in csv.reader(lines):
            out.write(f'{{"interval" : {t}, "counter-value" : "{value}", "unit" : "{unit}", "event" : "{event}", '
                      f'"event-runtime" : {runtime}, "pcnt-running" : {percent}}}\n')


def same(left, right):
    return left == right or None not in (left, right) and abs(left - right) <= 1e-9 * abs(left)


def compare(name, reference, other, codes):
    """The file has further windows where the dataset has none that is evidence: nobody may judge those."""
    at = {window['t_seconds']: window for window in other}
    wrong = [(window, at.get(window['t_seconds'])) for window in reference
             if not (found := at.get(window['t_seconds'])) or found['verdict'] != window['verdict']
             or not same(found['value'], window['value']) or found['threshold'] != window['threshold']
             or found['match'] != window['match'] or found['estimator'] != window['estimator']]
    known = {window['t_seconds'] for window in reference}
    extra = [window for window in other if window['t_seconds'] not in known and window['verdict'] != 'unknown']
    check(f'{name}: {len(reference)} windows, the same verdict of each', reference and not wrong and not extra,
          (wrong[:3], extra[:3]))
    check(f'{name}: the same exit status', codes[0] == codes[1], codes)


def compare_all(dataset, folder):
    thresholds = os.path.join(folder, 'thresholds.json')
    entries = write_thresholds(thresholds, dataset)
    perf, perf_json = os.path.join(folder, 'guest.csv'), os.path.join(folder, 'guest.json')
    run(CORRELATE, 'export', dataset, '--format', 'perf', '-o', perf)
    with open(perf, encoding='ascii') as file:
        as_json(perf_json, file)
    said = ['--cpu-model', entries[0]['cpu_model']]
    verdicts = set()
    chosen = sorted({entry['estimator'] for entry in entries})
    check('there are estimators to compare', len(chosen) >= 2, chosen)
    for narrowed in [[]] + [['--estimator', name] for name in chosen]:
        name = narrowed[1] if narrowed else 'any estimator'
        reference, code = judged(CORRELATE, 'judge', '-t', thresholds, '-j', *narrowed, dataset)
        check(f'{name}: the keys are as documented', all(list(window) == KEYS for window in reference), reference[:1])
        verdicts |= {window['verdict'] for window in reference}
        for path in (perf, perf_json):
            guest, guest_code = judged(GUESTPROBE, '--judge', thresholds, '--from', path, '-j', *narrowed, *said)
            compare(f'{name}, guestprobe, {os.path.basename(path)}', reference, guest, (code, guest_code))
            host, host_code = judged(CORRELATE, 'judge', '-t', thresholds, '-j', *narrowed, *said, path)
            check(f'{name}, correlate, {os.path.basename(path)}: as guestprobe says',
                  (host, host_code) == (guest, guest_code))
    check('both verdicts came up', {'overcommitted', 'ok'} <= verdicts, verdicts)
    stranger, code = judged(GUESTPROBE, '--judge', thresholds, '--from', perf, '-j', '--cpu-model', 'another CPU')
    check('of another CPU nothing is said', code == 0 and {window['verdict'] for window in stranger} == {'unknown'})
    table = run(GUESTPROBE, '--judge', thresholds, '--from', perf, '--cpu-model', 'another CPU').stdout
    check('and the table says why', 'match: none: ' in table and entries[0]['cpu_model'] in table, table[-300:])


def main():
    with tempfile.TemporaryDirectory() as folder:
        dataset = sys.argv[3]
        if dataset == '--synthetic':
            dataset = os.path.join(folder, 'run.db')
            run(sys.argv[4], dataset, 'seed=11', 'lost_ratio=0.05', 'counters=hardware')
        compare_all(dataset, folder)
    return 1 if failures else 0


sys.exit(main())
