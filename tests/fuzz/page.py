# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the fuzz targets in the page that states the figures."""
import os
import re

from modules import MODULES

PAGE = 'docs/reliability.md'
BEGIN, END = '<!-- fuzzing: written by scripts/fuzz -->', '<!-- end of fuzzing -->'


def table(rows, runs):
    yield '| target | module | saved inputs | lines reached | fuzzed | inputs tried | findings |'
    yield '|---|---|---|---|---|---|---|'
    for row in rows:
        run = runs.get(row['target'])
        fuzzed = f'{run["seconds"]} s | {run["inputs"]} | {run["findings"]}' if run else '- | - | -'
        module = ', '.join(f'`{source}`' for source in MODULES[row['target']])
        yield (f'| `{row["target"]}` | {module} | {row["inputs"]} | {row["reached"]} of {row["lines"]}, '
               f'{row["percent"]:.1f} % | {fuzzed} |')


def write(root, rows, runs):
    path = os.path.join(root, PAGE)
    with open(path, encoding='utf-8') as file:
        text = file.read()
    if BEGIN not in text or END not in text:
        raise SystemExit(f'fuzz: {PAGE} has no place marked “{BEGIN}”')
    text = re.sub(re.escape(BEGIN) + '.*?' + re.escape(END), lambda _: '\n'.join([BEGIN, '', *table(rows, runs), '', END]), text, flags=re.S)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
