#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""One nasty string in every place where somebody else's text comes in, through every output.

Usage: nasty.py HOSTCTL FAKE_QEMU CORRELATE MAKE_SYNTHETIC
It would clear a terminal, forge a line, run a script in a page, be a formula in a spreadsheet, end a label
of Prometheus and an element of XML.
"""
import csv
import html.parser
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

HOSTCTL, FAKE_QEMU, CORRELATE, MAKE_SYNTHETIC = sys.argv[1:5]
NASTY = '=1+2\x1b[2J\x1b]0;own\x07\r\nFORGED {le="1"} 1\t"\'<script>alert(1)</script></name><!--&amp;\\,;|%s\x7f\u009b31m\u202e$(id)`id`'
CONTROL = re.compile('[\x00-\x08\x0b-\x1f\x7f\x80-\x9f]')
failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + repr(detail)[-1500:])


def run(*words, want=(0,)):
    result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    name = ' '.join(os.path.basename(word) for word in words if word != NASTY)
    check(f'{name} ends with {want}', result.returncode in want, (result.returncode, result.stderr))
    try:
        return name, result.stdout.decode(), result.stderr.decode()
    except UnicodeDecodeError as problem:
        check(f'{name}: UTF-8', False, problem)
        return name, result.stdout.decode(errors='replace'), result.stderr.decode(errors='replace')


def check_terminal(name, text):
    """Nothing that a terminal obeys, no line that the string made."""
    check(f'{name}: no control characters', not CONTROL.search(text), CONTROL.findall(text))
    forged = [line for line in text.split('\n') if line.startswith('FORGED')]
    check(f'{name}: no forged line', not forged, forged)


def check_json(name, text, lines=False):
    check_terminal(name, text)
    try:
        documents = [json.loads(line) for line in text.splitlines()] if lines else [json.loads(text)]
    except ValueError as problem:
        check(f'{name}: JSON', False, f'{problem}: {text[:500]}')
        return
    check(f'{name}: JSON', bool(documents), text)


def check_csv(name, text, columns=True):
    check_terminal(name, text)
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    check(f'{name}: as many cells in each row', not columns or len({len(row) for row in rows}) == 1,
          sorted({len(row) for row in rows}))
    formulas = [cell for row in rows for cell in row if cell[:1] in ('=', '@') or cell[:2] in ('+1', "'=")]
    check(f'{name}: no formulas', not [cell for cell in formulas if cell[:1] in '=@+'], formulas[:3])


class Page(html.parser.HTMLParser):
    """The script elements, handlers and comments of a page."""
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in ('script', 'iframe', 'object', 'embed'):
            self.found.append(tag)
        self.found += [name for name, _ in attributes if name.startswith('on')]

    def handle_data(self, data):
        if CONTROL.search(data):
            self.found.append(CONTROL.findall(data))

    def handle_comment(self, data):
        if 'alert' in data or 'amp' in data:
            self.found.append('a comment')


def check_page(name, text):
    page = Page()
    page.feed(text)
    check(f'{name}: no script, no handler, no control character', not page.found, page.found)
    check(f'{name}: the name is there as text', 'script&gt;alert' in text, '')


def check_guest():
    """A running guest of that name, as hostctl meets it in /proc. In -name a comma is written twice."""
    command = [FAKE_QEMU, '-name', f'guest={NASTY.replace(",", ",,")},debug-threads=on', '1', '0', '200', '800']
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as guest:
        guest.stdout.readline()
        try:
            check_terminal(*run(HOSTCTL, 'top', '--batch', '-n', '2', '-i', '0.3')[:2])
            name, text, _ = run(HOSTCTL, 'top', '--json', '-n', '2', '-i', '0.3')
            check_json(name, text, lines=True)
            check(f'{name}: the guest is there', '<script>' in text or 'script' in text, text[:800])
            stat = [HOSTCTL, 'stat', '-e', 'task-clock', '--for', '0.5']
            check_terminal(*run(*stat, NASTY)[:2])
            name, text, _ = run(*stat, '-x,', NASTY)
            check_csv(name, text)
            name, text, _ = run(*stat, '-j', NASTY)
            check_json(name, text, lines=True)
            explain = [HOSTCTL, 'explain', '--for', '0.5', NASTY]
            for words, look in ((explain, check_terminal), (explain[:2] + ['--json'] + explain[2:], check_json)):
                name, text, complaint = run(*words, want=(0, 1))
                if text:
                    look(name, text)
                check_terminal(name + ' (messages)', complaint)
        finally:
            guest.stdin.close()
            guest.kill()


def check_messages():
    for words in (['frobnicate' + NASTY], ['stat', NASTY], ['explain', NASTY], ['run', NASTY, '-o', '/dev/null/x'],
                  ['stat', '-e', NASTY], ['ksm', 'set', NASTY], ['-c', NASTY, 'guest', 'list']):
        name, text, complaint = run(HOSTCTL, *words, want=(1, 2))
        check_terminal(f'{name} {words[0][:6]} (messages)', text + complaint)
    for words in (['validate', NASTY], [NASTY], ['judge', '--thresholds', NASTY, NASTY]):
        name, text, complaint = run(CORRELATE, *words, want=(1, 2))
        check_terminal(f'{name} (messages)', text + complaint)


def spoil(path):
    """The string in every text of a dataset that comes from a plan, a guest or a host."""
    with sqlite3.connect(path) as db:
        db.execute('update guest set name = ?1, facts = ?1', [NASTY])
        db.execute("update condition set name = name || ?1, ksm = ?1, balloon = ?1", [NASTY])
        db.execute('update run set name = ?1, cpu_model = ?1, kernel = ?1, microcode = ?1, qemu = ?1', [NASTY])
        db.execute("insert into note (raw_ns, wall_ns, severity, text) values (1, 1, 'warning', ?1)", [NASTY])
        db.execute('update event set name = name || ?1 where position = 0', [NASTY])


def check_dataset(folder):
    path, thresholds, page = (os.path.join(folder, name) for name in ('run.db', 't.json', 'report.html'))
    subprocess.run([MAKE_SYNTHETIC, path, 'counters=hardware'], check=True)
    spoil(path)
    check_terminal(*run(CORRELATE, 'validate', path, want=(0, 3))[:2])
    name, text, _ = run(CORRELATE, 'validate', path, '--json', want=(0, 3))
    check_json(name, text)
    name, text, _ = run(CORRELATE, 'export', path, '--format', 'csv')
    check_csv(name, text)
    name, text, _ = run(CORRELATE, 'export', path, '--format', 'json')
    check_json(name, text, lines=True)
    check_terminal(*run(CORRELATE, 'list', folder)[:2])
    check_terminal(*run(CORRELATE, 'compare', path, path, want=(0, 3))[:2])
    run(CORRELATE, 'report', path, '-o', page, want=(0, 3))
    with open(page, encoding='utf-8') as file:
        check_page('report', file.read())
    name, text, _ = run(CORRELATE, 'learn', path, '-o', thresholds)
    with open(thresholds, encoding='utf-8') as file:
        check_json('thresholds', file.read())
    name, text, _ = run(CORRELATE, 'rules', thresholds)
    check_terminal(name, text)
    check_rules(name, text)
    check_terminal(*run(CORRELATE, 'judge', '--thresholds', thresholds, path, want=(0, 3))[:2])


def check_rules(name, text):
    """YAML, if something here reads it: what is a rule must be one that we meant."""
    try:
        import yaml
    except ImportError:
        print(f'not checked: {name} as YAML (python3-yaml is not installed)')
        return
    rules = [rule for group in yaml.safe_load(text)['groups'] for rule in group['rules']]
    meant = all(rule.keys() <= {'alert', 'record', 'expr', 'for', 'labels', 'annotations'} for rule in rules)
    check(f'{name}: rules that we meant', rules and meant, rules[:1])


def main():
    check_guest()
    check_messages()
    with tempfile.TemporaryDirectory() as folder:
        check_dataset(folder)
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
