#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/images/report.png: the top of a report as a browser shows it.

Usage: make-report.py REPORT.html   (that of scripts/quickstart; needs chromium and ImageMagick)
"""
import os
import subprocess
import sys
import tempfile

WIDTH, HEIGHT = 1100, 1330


def main():
    output = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'report.png')
    with tempfile.TemporaryDirectory() as folder:
        shot = os.path.join(folder, 'report.png')
        subprocess.run(['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', f'--screenshot={shot}',
                        f'--window-size={WIDTH},{HEIGHT}', 'file://' + os.path.abspath(sys.argv[1])], check=True,
                       capture_output=True, timeout=120)
        subprocess.run(['convert', shot, '-colors', '64', '-strip', output], check=True, timeout=60)


if __name__ == '__main__':
    main()
