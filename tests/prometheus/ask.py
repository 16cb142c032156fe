#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a Prometheus until it has an answer, or none any more, or says which port is free.

Usage: ask.py PORT some|none EXPR SECONDS    waits until EXPR has samples, or has none; exit 1 when the time is over
       ask.py PORT show EXPR                 prints the samples
       ask.py free                           prints a free port of loopback
"""
import json
import socket
import sys
import time
import urllib.parse
import urllib.request


def ask(port, expression):
    address = f'http://127.0.0.1:{port}/api/v1/query?' + urllib.parse.urlencode({'query': expression})
    with urllib.request.urlopen(address, timeout=10) as answer:
        return json.load(answer)['data']['result']


def wait(port, wants_some, expression, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if bool(ask(port, expression)) == wants_some:
                return 0
        except OSError:
            pass # it is only starting
        time.sleep(0.5)
    return 1


def main():
    if sys.argv[1] == 'free':
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            print(probe.getsockname()[1])
        return 0
    port, what, expression = sys.argv[1:4]
    if what == 'show':
        for sample in ask(port, expression):
            print('  ', sample['metric'], sample['value'][1])
        return 0
    return wait(port, what == 'some', expression, float(sys.argv[4]))


sys.exit(main())
