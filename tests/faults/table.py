# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the cells: a table for people, JSON for programs, and the page that states the figures."""
import json
import os
import re

from stages import SIGNALS, STAGES, all_cells, name_of, points_in_sources

PAGE = 'docs/reliability.md'


def key(result):
    return result['stage'], result['signal']


def word(result):
    if result is None:
        return '-'
    return 'held' if result['held'] else 'BROKEN'


def print_accidents(results):
    for result in results:
        print(f'{result["accident"]}: {word(result)}, exit {result["exit"]} {result["message"] or result["why"] or ""}'.rstrip())
    print(f'{len(results)} tried, {sum(result["held"] for result in results)} held')


def accidents_section(results):
    yield f'**{len(results)} tried, {sum(result["held"] for result in results)} held.**'
    yield ''
    yield '| what happens | held | exit | message |'
    yield '|---|---|---|---|'
    for result in results:
        yield f'| {result["accident"]} | {word(result)} | {result["exit"]} | {result["message"]} |'


def write_accidents(root, results):
    path = os.path.join(root, PAGE)
    with open(path, encoding='utf-8') as file:
        text = put_between(file.read(), 'accidents', accidents_section(results))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


def rows(results):
    by_key = {key(result): result for result in results}
    for stage in STAGES:
        found = [by_key.get((name_of(stage), how)) for how in SIGNALS]
        if any(found):
            yield stage, [word(result) for result in found]


def print_text(results):
    width = max(len(name_of(stage)) for stage in STAGES)
    print(f'{"stage":<{width}}  ' + ' '.join(f'{how:<6}' for how in SIGNALS))
    for stage, words in rows(results):
        print(f'{name_of(stage):<{width}}  ' + ' '.join(f'{text:<6}' for text in words))
    for result in results:
        if not result['held']:
            print(f'{result["stage"]} {result["signal"]}: {result["why"]}')
    held = sum(result['held'] for result in results)
    print(f'{len(results)} tried, {held} held')


def as_json(results):
    return json.dumps({'format': 1, 'tried': len(results), 'held': sum(result['held'] for result in results),
                       'cells': results}, indent=1, ensure_ascii=False)


def known(path):
    """The cells that held, and those that did not."""
    if not os.path.exists(path):
        return set(), set()
    with open(path, encoding='utf-8') as file:
        cells = json.load(file)['cells']
    return ({key(result) for result in cells if result['held']},
            {key(result) for result in cells if not result['held']})


def merge(path, results):
    """The results of this part beside those of the parts before, in the matrix's order."""
    known = {}
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            known = {key(result): result for result in json.load(file)['cells']}
    known.update({key(result): result for result in results})
    merged = [known[name_of(stage), how] for stage, how in all_cells() if (name_of(stage), how) in known]
    with open(path, 'w', encoding='utf-8') as file:
        file.write(as_json(merged) + '\n')
    return merged


def accidents_held(path):
    """Names of those that a file of results has as held."""
    if not path or not os.path.exists(path):
        return set()
    with open(path, encoding='utf-8') as file:
        return {result['accident'] for result in json.load(file)['cells'] if result['held']}


def merge_accidents(path, results, names):
    """The same for accidents, in the order of `names`."""
    known = {}
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            known = {result['accident']: result for result in json.load(file)['cells']}
    known.update({result['accident']: result for result in results})
    merged = [known[name] for name in names if name in known]
    with open(path, 'w', encoding='utf-8') as file:
        file.write(as_json(merged) + '\n')
    return merged


def matrix_section(results):
    held = sum(result['held'] for result in results)
    yield f'**{len(results)} of {len(all_cells())} cells tried, {held} held.**'
    yield ''
    yield '| stage | where it is | ' + ' | '.join(SIGNALS) + ' |'
    yield '|---|---|' + '---|' * len(SIGNALS)
    for stage, words in rows(results):
        yield f'| `{name_of(stage)}` | {stage.text} | ' + ' | '.join(words) + ' |'


def names_section(root):
    yield '| name | in |'
    yield '|---|---|'
    for name, files in points_in_sources(root).items():
        yield f'| `{name}` | ' + ', '.join(f'`{file}`' for file in files) + ' |'


def put_between(text, mark, lines):
    begin, end = f'<!-- {mark}: written by scripts/faults -->', f'<!-- end of {mark} -->'
    pattern = re.compile(re.escape(begin) + '.*?' + re.escape(end), re.S)
    if not pattern.search(text):
        raise SystemExit(f'faults: {PAGE} has no place marked “{begin}”')
    return pattern.sub(lambda _: '\n'.join([begin, '', *lines, '', end]), text)


def names_wrong(root):
    """What the page and the stages say of fault points that the sources do not; None: nothing."""
    points = points_in_sources(root)
    for stage in STAGES:
        if stage.point not in points:
            return f'the stage {name_of(stage)} is no fault point of the sources'
    with open(os.path.join(root, PAGE), encoding='utf-8') as file:
        text = file.read()
    if put_between(text, 'fault points', names_section(root)) != text:
        return f'the list of fault points in {PAGE} is not that of the sources: scripts/faults --write-names'
    return None


def write_page(root, results):
    """The figures of a whole matrix; without results the list of names alone."""
    path = os.path.join(root, PAGE)
    with open(path, encoding='utf-8') as file:
        text = file.read()
    text = put_between(text, 'fault points', names_section(root))
    if results is not None:
        text = put_between(text, 'crash matrix', matrix_section(results))
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
