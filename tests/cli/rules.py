#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus itself reads the rules that correlate writes. Usage: rules.py CORRELATE MAKE_SYNTHETIC"""
import os
import shutil
import subprocess
import sys
import tempfile


def main():
    correlate, make_synthetic = sys.argv[1:3]
    if not shutil.which('promtool'):
        print('SKIP: promtool is not installed (Debian: prometheus)')
        return 77
    with tempfile.TemporaryDirectory() as folder:
        run, thresholds, rules = (os.path.join(folder, name) for name in ('run.db', 't.json', 'rules.yml'))
        subprocess.run([make_synthetic, run, 'counters=hardware'], check=True)
        subprocess.run([correlate, 'learn', run, '-o', thresholds], check=True)
        subprocess.run([correlate, 'rules', thresholds, '-o', rules], check=True)
        subprocess.run(['promtool', 'check', 'rules', rules], check=True)
        with open(rules, encoding='utf-8') as text:
            found = text.read().count('- alert: HostOvercommitted')
        print(f'{found} rules')
        return 0 if found >= 3 else 1


if __name__ == '__main__':
    sys.exit(main())
