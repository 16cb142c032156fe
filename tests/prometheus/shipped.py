#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shipped rules and dashboard: Prometheus reads them, and they ask for nothing that nobody exports.

Usage: shipped.py SOURCE_ROOT [--scrape FILE]

With --scrape only: a real page of hostctl exporter has what they ask for, and nothing that is not documented.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

METRIC = re.compile(r'(?<![\w:])(?:insideout|node|libvirt|kubevirt)_[a-z0-9_]+')
NOT_ASKED = re.compile(r'#.*|"[^"\n]*"|(labels|summary|description):.*')
RECORD = re.compile(r'\binsideout:[a-z0-9_:]+')
# Of other programs: node_exporter, the libvirt exporters, KubeVirt.
FOREIGN = {'node_cpu_seconds_total', 'libvirt_domain_vcpu_delay_seconds_total', 'libvirt_domain_vcpu_time_seconds_total',
           'kubevirt_vmi_vcpu_delay_seconds_total', 'kubevirt_vmi_vcpu_seconds_total'}
# Needs an answer of libvirt, which the exporter does not ask.
NOT_HERE = {'insideout_domain_balloon_bytes'}
failures = 0


def check(name, wrong):
    global failures
    failures += bool(wrong)
    print(('not ok - ' if wrong else 'ok - ') + name + (f': {", ".join(sorted(wrong))}' if wrong else ''))


def read(*parts):
    with open(os.path.join(sys.argv[1], *parts), encoding='utf-8') as file:
        return file.read()


def expressions(panels):
    for panel in panels:
        for target in panel.get('targets', []):
            yield panel['title'], target['expr']
        yield from expressions(panel.get('panels', []))


def promtool(*arguments):
    result = subprocess.run(['promtool', *arguments], capture_output=True, text=True, check=False)
    return [] if result.returncode == 0 else [result.stdout + result.stderr]


def check_with_promtool(asked):
    rules = os.path.join(sys.argv[1], 'contrib', 'insideout.rules.yml')
    check('promtool reads the rules', promtool('check', 'rules', rules))
    check('every alert fires and clears', promtool('test', 'rules', os.path.join(sys.argv[1], 'tests/prometheus/rules.test.yml')))
    with tempfile.NamedTemporaryFile('w', suffix='.yml') as file:
        groups = [{'record': f'panel:{number}', 'expr': expr.replace('$__rate_interval', '5m')}
                  for number, (_, expr) in enumerate(asked)]
        json.dump({'groups': [{'name': 'dashboard', 'rules': groups}]}, file)
        file.flush()
        check('Prometheus understands what the dashboard asks', promtool('check', 'rules', file.name))


def check_scrape(path, used, documented):
    with open(path, encoding='utf-8') as file:
        families = set(re.findall(r'^# TYPE (\S+)', file.read(), re.M))
    check('every metric that is asked for is in the scrape',
          {name for name in used - FOREIGN - NOT_HERE if not name.startswith('insideout_guest_')} - families)
    check('every metric of the scrape stands in docs/metrics.md', families - documented)


def main():
    rules, dashboard = read('contrib', 'insideout.rules.yml'), json.loads(read('contrib', 'grafana.json'))
    documented = set(re.findall(r'^\| `(insideout_[a-z0-9_]+)`', read('docs', 'metrics.md'), re.M))
    asked = list(expressions(dashboard['panels']))
    variables = [variable['query']['query'] for variable in dashboard['templating']['list'][1:]]
    used = {name for text in (rules, *variables, *(expr for _, expr in asked))
            for name in METRIC.findall(NOT_ASKED.sub('', text))}
    alerts = set(re.findall(r'- alert: (\w+)', rules))
    if sys.argv[2:3] == ['--scrape']:
        check_scrape(sys.argv[3], used, documented)
        return 1 if failures else 0
    tested, fleet = read('tests', 'prometheus', 'rules.test.yml'), read('docs', 'fleet.md')

    check('there are metrics, panels and alerts to check', [] if len(used) > 30 and len(asked) > 20 and len(alerts) > 10
          else [f'{len(used)} metrics, {len(asked)} panels, {len(alerts)} alerts'])
    check('every metric that is asked for stands in docs/metrics.md', used - documented - FOREIGN)
    check('every recorded series that is used is recorded', set(RECORD.findall(rules)) - set(re.findall(r'- record: (\S+)', rules)))
    check('every alert has a test', {name for name in alerts if not re.search(rf'\b{name}\b', tested)})
    check('every alert is explained in docs/fleet.md', {name for name in alerts if f'`{name}`' not in fleet})
    ids = [panel['id'] for panel in dashboard['panels']]
    check('panels have ids of their own', [] if len(ids) == len(set(ids)) else ['the same twice'])
    if shutil.which('promtool'):
        check_with_promtool(asked)
    elif not failures:
        print('SKIP: promtool is not installed (Debian: prometheus)')
        return 77
    return 1 if failures else 0


sys.exit(main())
