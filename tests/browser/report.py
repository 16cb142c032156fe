#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report in headless Chromium: nothing is fetched, nothing fails, texts have contrast, figures show.

Usage: report.py CORRELATE MAKE_SYNTHETIC
Chromium renders the page offline, light and dark; a page that frames it measures what was laid out.
"""
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')
MIN_CONTRAST = 4.5
failures = 0

# Appended to a copy of the page: the report itself has no script. Collects what a reader would see.
PROBE = '''
<script>
function rgb(text) { const m = text.match(/[0-9.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m; }
function lum(c) { const f = v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
                  return 0.2126 * f(c[0]) + 0.7152 * f(c[1]) + 0.0722 * f(c[2]); }
function behind(e) { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c) return c; }
                     return matchMedia('(prefers-color-scheme: dark)').matches ? [0, 0, 0] : [255, 255, 255]; }
function contrast(e) { const a = lum(rgb(getComputedStyle(e).color)), b = lum(behind(e));
                       return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); }
const texts = [...document.querySelectorAll('p, td, th, h1, h2, figcaption, caption, code, span, summary')]
  .filter(e => e.textContent.trim() && e.getClientRects().length);
const worst = texts.reduce((w, e) => { const c = contrast(e); return c < w.contrast ? {contrast: c, text: e.textContent.slice(0, 60)} : w; },
                           {contrast: 99, text: ''});
const svgs = [...document.querySelectorAll('svg')];
document.title = 'PROBE' + JSON.stringify({
  worst, dark: matchMedia('(prefers-color-scheme: dark)').matches,
  figures: svgs.length, named: svgs.filter(s => document.getElementById(s.getAttribute('aria-labelledby'))?.textContent).length,
  small: svgs.filter(s => s.getBoundingClientRect().width < 250 || s.getBoundingClientRect().height < 150).length,
  empty: svgs.filter(s => s.querySelectorAll('path, polygon, use').length < 5).length,
  ids: [...document.querySelectorAll('[id]')].length, unique: new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size,
  sideways: document.documentElement.scrollWidth > document.documentElement.clientWidth + 1,
  tables: document.querySelectorAll('table caption').length, fetched: performance.getEntriesByType('resource').length });
</script>
'''


class Structure(html.parser.HTMLParser):
    """Every element that is opened is closed, in order."""
    VOID = {'meta', 'br', 'hr', 'img', 'link', 'input'}

    def __init__(self):
        super().__init__()
        self.open, self.faults = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f'{self.getpos()}: </{tag}>')


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail))


def browse(browser, folder, page, dark, *words):
    command = [browser, '--headless=new', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', '--disable-extensions',
               '--host-resolver-rules=MAP * ~NOTFOUND', f'--user-data-dir={folder}/profile', '--window-size=1280,1600',
               '--virtual-time-budget=5000', f'--blink-settings=preferredColorScheme={0 if dark else 1}',
               *words, 'file://' + page]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def measure(browser, folder, page, dark):
    shown = browse(browser, folder, page, dark, '--dump-dom')
    found = re.search(r'<title>PROBE(.*?)</title>', shown.stdout, re.S)
    return json.loads(found.group(1).replace('&amp;', '&').replace('&lt;', '<').replace('&gt;', '>')) if found else None


def check_look(browser, folder, page, dark):
    name = 'dark' if dark else 'light'
    seen = measure(browser, folder, page, dark)
    check(f'{name}: the page is laid out', seen, 'no measurement came back')
    if not seen:
        return
    check(f'{name}: the scheme is the one asked for', seen['dark'] == dark, seen)
    check(f'{name}: every text has contrast {MIN_CONTRAST}', seen['worst']['contrast'] >= MIN_CONTRAST, seen['worst'])
    check(f'{name}: every figure has a name to be heard', seen['figures'] >= 10 and seen['named'] == seen['figures'], seen)
    check(f'{name}: no figure is empty or tiny', seen['small'] == 0 and seen['empty'] == 0, seen)
    check(f'{name}: ids are unique', seen['ids'] == seen['unique'], seen)
    check(f'{name}: the page does not scroll sideways', not seen['sideways'], seen)
    check(f'{name}: tables have captions', seen['tables'] >= 6, seen)
    check(f'{name}: nothing is fetched', seen['fetched'] == 0, seen)


def check_page(browser, folder, text):
    page, probe = os.path.join(folder, 'report.html'), os.path.join(folder, 'probe.html')
    structure = Structure()
    structure.feed(text)
    check('every element is closed', not structure.faults and not structure.open, structure.faults[:3] + structure.open)
    check('there is no script', '<script' not in text)
    # The page forbids scripts by its own policy; the probe's copy must lift that.
    with open(probe, 'w', encoding='utf-8') as out:
        out.write(re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', '', text).replace('</body>', PROBE + '</body>'))
    for dark in (False, True):
        check_look(browser, folder, probe, dark)

    shown = browse(browser, folder, page, False, '--enable-logging=stderr', '--screenshot=' + folder + '/page.png')
    check('the page draws', os.path.getsize(folder + '/page.png') > 50000, shown.stderr[-500:])
    check('the browser has no complaint', 'CONSOLE' not in shown.stderr, shown.stderr[-1000:])
    browse(browser, folder, page, False, '--print-to-pdf=' + folder + '/page.pdf', '--no-pdf-header-footer')
    check('the page prints', os.path.getsize(folder + '/page.pdf') > 50000)


def main():
    correlate, make_synthetic = sys.argv[1:3]
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not browser or not shutil.which('gnuplot'):
        print('SKIP: needs ' + ('gnuplot (Debian: gnuplot-nox)' if browser else 'Chromium'))
        return 77
    with tempfile.TemporaryDirectory() as folder:
        run, page = os.path.join(folder, 'run.db'), os.path.join(folder, 'report.html')
        subprocess.run([make_synthetic, run, 'repeats=5'], check=True)
        subprocess.run([correlate, 'report', run, '-o', page], check=True)
        with open(page, encoding='utf-8') as text:
            check_page(browser, folder, text.read())
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
