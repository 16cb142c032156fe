#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/images/top.png: hostctl top in a pseudo-terminal, watching real guests that it starts and ends.

Usage: make-top.py HOSTCTL   (as root; needs the guest image, chromium and ImageMagick)
"""
import html
import os
import re
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', '..', 'tests', 'support'))
from terminal import Terminal  # noqa: E402

ROWS, COLUMNS = 14, 100
GUESTS = (('shop', ['--cpus=0', '--load=stress -c 1']), ('batch', ['--cpus=0', '--load=stress -c 1']),
          ('idle', ['--cpus=1']))
PAGE = """<html><meta charset="utf-8"><body style="margin:0;background:#16181d">
<pre style="margin:14px;font:15px/19px 'DejaVu Sans Mono',monospace;color:#d8dee9">{}</pre></body></html>"""


def picture(text, output):
    lines = text.split('\n')
    with tempfile.TemporaryDirectory() as folder:
        page, shot = os.path.join(folder, 'top.html'), os.path.join(folder, 'top.png')
        with open(page, 'w', encoding='utf-8') as file:
            file.write(PAGE.format(html.escape(text)))
        subprocess.run(['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', f'--screenshot={shot}',
                        f'--window-size=960,{28 + 19 * len(lines)}', 'file://' + page], check=True, capture_output=True, timeout=120)
        subprocess.run(['convert', shot, '-colors', '16', '-strip', output], check=True, timeout=60)


def main():
    hostctl = os.path.abspath(sys.argv[1])
    try:
        for name, options in GUESTS:
            subprocess.run([hostctl, 'guest', 'provision', name, '--memory=160', *options], check=True, timeout=200)
        screen = Terminal([hostctl, 'top', '-i', '3'], rows=ROWS, columns=COLUMNS)
        screen.wait_for_words('VERDICT', 'shop', 'batch', seconds=60)
        # Until the two that share a CPU wait for each other and not for something else on this machine.
        text = screen.wait_for(lambda text: re.search(r'^shop +\S+ +\S+ batch ', text, re.M) and 'q quit' in text, seconds=120)
        screen.press('q')
        screen.end()
    finally:
        subprocess.run([hostctl, 'guest', 'destroy', '--all'], check=False, timeout=120)
    print(text)
    picture(text.rstrip(), os.path.join(here, 'top.png'))


if __name__ == '__main__':
    main()
