#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""hostctl doctor as a person at a shell meets it, on trees of machines: verdicts, exit codes,
--plan, --apply, and recover afterwards.

Usage: doctor.py HOSTCTL TESTS-FOLDER
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

MACHINES = ('cascadelake-ht', 'icelake', 'sapphirerapids', 'epyc-zen3', 'epyc-zen4', 'hybrid-laptop',
            'mediated-7x', 'debian12-6.1', 'vm-no-pmu')

PLAN = {
    'version': 1, 'name': 'two', 'events': ['cycles', 'branch-misses'],
    'guests': {'micro': {'vcpus': 1, 'memory_mib': 192}, 'bulk': {'count': 4, 'vcpus': 1, 'memory_mib': 192}},
    'load': ['stress', '-c', '1'],
    'conditions': [{'name': 'quiet', 'ksm': 'off', 'balloon': 'full'}],
    'steps_percent': [0, 10], 'settle_seconds': 3, 'measure_seconds': 12, 'interval_ms': 1000,
}

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    '))


class Host:
    """A program, a scratch folder, and the folders that hostctl keeps things in."""

    def __init__(self, hostctl, tests, scratch):
        self.hostctl, self.tests, self.scratch = hostctl, tests, scratch

    def run(self, *words):
        env = {**os.environ, 'INSIDEOUT_STATE_DIR': self.scratch + '/state',
               'INSIDEOUT_RUN_DIR': self.scratch + '/run'}
        return subprocess.run([self.hostctl, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, check=False, env=env)

    def fixture(self, name):
        return f'{self.tests}/fixtures/host-{name}'

    def copy(self, name):
        path = f'{self.scratch}/{name}'
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.fixture(name), path, symlinks=True)
        return path


def status_of(result, check_id):
    return {entry['id']: entry for entry in json.loads(result.stdout)['checks']}[check_id]['status']


def read(*parts):
    with open(os.path.join(*parts), encoding='utf-8') as file:
        return file.read().strip()


def check_machines(host):
    for machine in MACHINES:
        result = host.run('doctor', '--root', host.fixture(machine), '--json')
        golden = read(host.tests, 'golden', f'doctor-host-{machine}.json')
        fails = any(entry['status'] == 'fail' for entry in json.loads(golden)['checks'])
        check(f'{machine} has the documented verdicts', result.stdout.strip() == golden, result.stderr)
        check(f'{machine} ends with {3 if fails else 0}', result.returncode == (3 if fails else 0), result.stderr)


def check_documentation(host):
    text = read(host.tests, '..', 'docs', 'doctor.md')
    checks = json.loads(read(host.tests, 'golden', 'doctor-host-icelake.json'))['checks']
    missing = [entry['id'] for entry in checks if f'`{entry["id"]}`' not in text.split('## Nine machines')[0]]
    check('every check is documented', not missing, missing)
    for machine in MACHINES:
        checks = json.loads(read(host.tests, 'golden', f'doctor-host-{machine}.json'))['checks']
        columns = [', '.join(f'`{entry["id"]}`' for entry in checks if entry['status'] == status) or '–'
                   for status in ('fail', 'warn')]
        row = next((line for line in text.splitlines() if line.startswith(f'| `host-{machine}` |')), '')
        check(f'the documented verdicts of {machine} are the real ones', row.endswith(f'| {columns[0]} | {columns[1]} |'),
              f'{row}\nwant … | {columns[0]} | {columns[1]} |')


def check_text(host):
    result = host.run('doctor', '--root', host.fixture('hybrid-laptop'))
    lines = result.stdout.splitlines()
    check('a line a check, worst first below', lines[0].startswith('pass     virtualization')
          and 'fail hybrid: PMUs cpu_core and cpu_atom' in lines, result.stdout)
    check('the last line counts', lines[-1].endswith('2 fail, 10 unknown'), lines[-1])
    check('the message names the failed checks', 'hybrid, kvm-enable-pmu' in result.stderr, result.stderr)


def check_plan(host):
    path = host.scratch + '/plan.json'
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(PLAN, file)
    result = host.run('doctor', '--root', host.fixture('cascadelake-ht'), '--json', '--plan', path)
    check('two events fit where five do not', status_of(result, 'pmu-budget') == 'pass', result.stdout)
    check('the memory is that of the plan',
          any('5 guests of 0.9 GiB' in entry['found'] for entry in json.loads(result.stdout)['checks']), result.stdout)


def check_apply(host):
    tree = host.copy('icelake')
    before = read(tree, 'proc/sys/kernel/perf_event_paranoid')
    result = host.run('--root', tree, 'doctor', '--apply', 'nmi-watchdog', 'perf-paranoid', '--json')
    check('what is named is applied', read(tree, 'proc/sys/kernel/nmi_watchdog') == '0'
          and status_of(result, 'nmi-watchdog') == 'pass' and status_of(result, 'perf-paranoid') == 'pass', result.stderr)
    check('nothing else is', read(tree, 'sys/devices/system/cpu/intel_pstate/no_turbo') == '0')
    check('what was changed is said', 'proc/sys/kernel/nmi_watchdog: 0, was 1' in result.stderr, result.stderr)

    result = host.run('--root', tree, 'recover')
    check('recover puts it back', read(tree, 'proc/sys/kernel/nmi_watchdog') == '1'
          and read(tree, 'proc/sys/kernel/perf_event_paranoid') == before, result.stdout + result.stderr)

    result = host.run('--root', tree, 'doctor', '--apply', '--json')
    check('without names all that can be is applied', status_of(result, 'turbo') == 'pass'
          and status_of(result, 'governor') == 'pass' and status_of(result, 'halt-poll') == 'pass', result.stderr)
    host.run('--root', tree, 'recover')
    check('recover leaves no trace', read(tree, 'sys/devices/system/cpu/cpufreq/policy1/scaling_governor') == 'powersave')


def check_refusals(host):
    for words, mentions in (
            (['nmi-watchdog'], '--apply'),
            (['--apply', 'nmi-watchdgo'], 'nmi-watchdgo'),
            (['--apply', 'bare-metal'], 'nothing can be applied'),
            (['--frobnicate'], '--frobnicate')):
        result = host.run('doctor', '--root', host.fixture('icelake'), *words)
        check(f'doctor {" ".join(words)} is refused',
              result.returncode == 2 and not result.stdout and mentions in result.stderr, result.stderr)
    result = host.run('doctor', '--root', host.fixture('icelake'), '--plan', host.scratch + '/none.json')
    check('a plan that is not there is named', result.returncode == 1 and 'none.json' in result.stderr, result.stderr)


def main():
    with tempfile.TemporaryDirectory(prefix='insideout-doctor-') as scratch:
        host = Host(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), scratch)
        for part in (check_machines, check_documentation, check_text, check_plan, check_apply, check_refusals):
            part(host)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
