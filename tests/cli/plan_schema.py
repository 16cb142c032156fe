#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/plan.schema.json and the parser of plans say the same. plan_schema.py HOSTCTL SOURCE-FOLDER

The parser's tables are read from its source: keys, what is required, ranges and words. Then plans, good
and broken, are given to both.
"""
import copy
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import jsonschema
except ImportError:
    print('SKIP: python3-jsonschema is not installed')
    sys.exit(77)

failures = 0


def check(name, passed, detail=''):
    global failures
    print(('ok - ' if passed else 'not ok - ') + name)
    if not passed:
        failures += 1
        print('    ' + str(detail).strip().replace('\n', '\n    '))


class Parser:
    """The tables of JsonField in hostctl/run, each with the function that it stands in."""

    FIELD = re.compile(r'\{\s*"(\w+)",\s*(\w+)\s*,([^{}]*)\}', re.S)

    def __init__(self, source):
        text = ''
        for name in sorted(glob.glob(os.path.join(source, 'hostctl', 'run', '*.c'))):
            with open(name, encoding='utf-8') as file:
                text += file.read()
        self.bodies = {match.group(1): match.group(0) for match in re.finditer(r'^(\w+)\([^;{]*\)\n\{.*?^\}', text, re.M | re.S)}
        self.words = {match.group(1): re.findall(r'"([^"]*)"', match.group(2))
                      for match in re.finditer(r'const char \*const (\w+)\[\] = \{([^}]*)\}', text, re.S)}
        self.numbers = {match.group(1): float(match.group(2)) for match in re.finditer(r'^#define (\w+) ([0-9.]+)$', text, re.M)}
        self.numbers.update(PLAN_FORMAT=1.0, UINT32_MAX=4294967295.0)
        with open(os.path.join(source, 'hostctl', 'run', 'plan.h'), encoding='utf-8') as file:
            self.numbers['PLAN_FORMAT'] = float(re.search(r'#define PLAN_FORMAT (\d+)', file.read()).group(1))
        self.top = re.search(r'^static const JsonField plan_fields\[\] = \{(.*?)^\};', text, re.M | re.S).group(1)

    def number(self, text):
        text = text.strip().removeprefix('.low = ').removeprefix('.high = ')
        if text in self.numbers:
            return self.numbers[text]
        shift = re.fullmatch(r'(\d+) << (\d+)', text)
        return float(int(shift.group(1)) << int(shift.group(2))) if shift else float(text)

    def fields(self, table):
        """{key: (reader, required, low, high, words)}"""
        found = {}
        for key, reader, rest in self.FIELD.findall(table):
            parts = [part.strip() for part in re.sub(r'offsetof\([^)]*\)', '0', rest).split(',') if part.strip()]
            choices = re.search(r'\.choices = (\w+)', rest)
            bounds = [part for part in parts[1:] if re.match(r'(?:\.(?:low|high) = )?[\dA-Z]', part)]
            low, high = (self.number(bounds[0]), self.number(bounds[1])) if len(bounds) >= 2 else (None, None)
            found[key] = (reader, '.required = true' in rest, low, high,
                          self.words[choices.group(1)] if choices else None)
        return found

    def below(self, reader):
        """The table that a reader of this name reads its object or its elements by; None: a plain value."""
        body = self.bodies.get(reader, '')
        each = re.search(r'json_read_each\(place, (\w+),', body)
        if each:
            return self.below(each.group(1))
        table = re.search(r'JsonField fields\[\] = \{(.*?)\n    \};', body, re.S)
        return table.group(1) if table else None


def compare(parser, table, schema, path):
    fields, properties = parser.fields(table), schema.get('properties', {})
    check(f'{path}: the same keys', set(fields) == set(properties),
          f'only in the parser: {sorted(set(fields) - set(properties))}\n'
          f'only in the schema: {sorted(set(properties) - set(fields))}')
    check(f'{path}: the same keys are required, unknown ones are errors',
          {key for key in fields if fields[key][1]} == set(schema.get('required', []))
          and schema.get('additionalProperties') is False, schema.get('required'))
    for key in sorted(set(fields) & set(properties)):
        reader, _, low, high, words = fields[key]
        there = properties[key]
        check(f'{path}.{key}: described', there.get('description') or there.get('properties'), there)
        if words is not None:
            check(f'{path}.{key}: the same words', words == there.get('enum'), f'{words}\n{there}')
        elif low is not None and reader in ('json_read_int64', 'json_read_double'):
            check(f'{path}.{key}: the same range', (low, high) == (there.get('minimum'), there.get('maximum')),
                  f'{low} to {high}\n{there}')
        deeper = parser.below(reader)
        if deeper:
            # A value that may also be an object: the one among the kinds that has keys.
            objects = [kind for kind in there.get('oneOf', ()) if 'properties' in kind]
            compare(parser, deeper, objects[0] if objects else there.get('items', there), f'{path}.{key}')


# Changes to a good plan, each of which makes it a bad one: a path and the value put there.
BREAKS = (
    ('version', 2), ('name', 'a b'), ('name', 7), ('accelerator', 'xen'), ('frobs', 1), ('seed', -1),
    ('guests', []), ('guests.micro.vcpu', 1), ('guests.micro.vcpus', 0), ('guests.bulk.count', 'many'),
    ('guests.bulk.count', {'of': 'cores'}), ('guests.bulk.count', {'ratio': 2, 'of': 'nodes'}), ('steps_of', 'threads'), ('housekeeping', 1),
    ('load', 'stress'), ('load_env', {'A': 1}), ('emulated.llc_kib', 1), ('events', 'cycles'),
    ('conditions', []), ('conditions.0.ksm', 'maybe'), ('conditions.0.balloon', 'half'), ('conditions.0.balloon', 'autos'), ('conditions.0.colour', 1),
    ('conditions.0.cpu_shares', {'small': 9}), ('conditions.0.cpu_quota_percent', 0), ('conditions.0.host_hogs', 'all'),
    ('conditions.0.bandwidth_hogs', 'all'), ('conditions.0.interrupts_per_second', 1e6), ('conditions.0.micro_load', 'sh'),
    ('conditions.0.host', {'frequency_percent': 0}),
    ('conditions.0.culprit_load', 'gpu'), ('conditions.0.host', {'turbo': 1}), ('conditions.0.host', {'governor': '../x'}),
    ('steps_percent', []), ('steps_percent', ['x']), ('order', 'up'), ('repeats', 0), ('frame_visits', 'yes'), ('vm_exits', 1),
    ('measure_seconds', 0), ('interval_ms', 5), ('memory_overcommit', 0.5),
)


def broken(plan, path, value):
    plan = copy.deepcopy(plan)
    place, parts = plan, path.split('.')
    for part in parts[:-1]:
        place = place[int(part)] if part.isdigit() else place.setdefault(part, {})
    place[parts[-1]] = value
    return plan


def parser_refuses(hostctl, plan, folder):
    path = os.path.join(folder, 'plan.json')
    with open(path, 'w', encoding='utf-8') as file:
        json.dump(plan, file)
    result = subprocess.run([hostctl, 'run', path, '-o', os.path.join(folder, 'none', 'x.db')], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=60, check=False,
                            env={**os.environ, 'INSIDEOUT_STATE_DIR': folder + '/state', 'INSIDEOUT_RUN_DIR': folder + '/run'})
    return result.returncode == 1 and 'plan.json: $' in result.stderr, result.stderr


def main():
    hostctl, source = os.path.abspath(sys.argv[1]), sys.argv[2]
    with open(os.path.join(source, 'docs', 'plan.schema.json'), encoding='utf-8') as file:
        schema = json.load(file)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    parser = Parser(source)
    compare(parser, parser.top, schema, '$')

    examples = sorted(glob.glob(os.path.join(source, 'examples', '**', '*.json'), recursive=True))
    plans = {}
    for path in examples:
        with open(path, encoding='utf-8') as file:
            document = json.load(file)
        if 'steps_percent' not in document:
            continue
        plans[os.path.basename(path)] = document
        check(f'{os.path.relpath(path, source)} follows the schema', validator.is_valid(document),
              '\n'.join(f'{error.json_path}: {error.message}' for error in validator.iter_errors(document)))
    check('there are example plans', 'quick.json' in plans and 'tigano2018.json' in plans, plans.keys())

    with tempfile.TemporaryDirectory(prefix='insideout-plan-') as folder:
        for path, value in BREAKS:
            plan = broken(plans['quick.json'], path, value)
            refused, message = parser_refuses(hostctl, plan, folder)
            check(f'{path} = {json.dumps(value)} is refused by schema and parser',
                  refused and not validator.is_valid(plan),
                  f'parser: {message}\nschema: {"takes it" if validator.is_valid(plan) else "refuses it"}')
    return 1 if failures else 0


if __name__ == '__main__':
    sys.exit(main())
