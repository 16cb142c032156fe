# SPDX-License-Identifier: GPL-3.0-or-later
"""What a data scientist would write instead of `correlate validate`: pandas, merge_asof and corr.

Usage: validate_pandas.py FILE
Prints the number of guest windows, the median ratio of both views for each event, and Spearman's rho of
the branch ratio with the load, as JSON.
"""
import json
import sqlite3
import sys

import numpy
import pandas

EVENTS = ('cycles', 'instructions', 'branches', 'branch_misses', 'cache_misses')


def clock_line(database, guest):
    """Host time minus guest time as a line, from the quarter of the pings that were quickest."""
    pings = pandas.read_sql_query('SELECT t1_ns, t2_ns, t3_ns, t4_ns FROM clock_ping WHERE guest_id = ?', database,
                                  params=(guest,)).astype('float64')
    pings['trip'] = (pings.t4_ns - pings.t1_ns) - (pings.t3_ns - pings.t2_ns)
    best = pings.nsmallest(max(2, len(pings) // 4), 'trip')
    middle = (best.t2_ns + best.t3_ns) / 2
    return numpy.polyfit(middle - middle.iloc[0], (best.t1_ns + best.t4_ns) / 2 - middle, 1), middle.iloc[0]


def main():
    database = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)
    columns = ', '.join(EVENTS)
    host = pandas.read_sql_query(f"SELECT guest_id, vcpu, visit_id, raw_ns, {columns} FROM host_sample "
                                 "WHERE mode = 'guest' AND visit_id IS NOT NULL", database)
    guest = pandas.read_sql_query(f'SELECT guest_id, vcpu, visit_id, raw_ns, {columns} FROM guest_sample '
                                  'WHERE visit_id IS NOT NULL', database)
    visits = pandas.read_sql_query('SELECT id AS visit_id, condition_id, vp_percent FROM visit', database)

    guest['host_ns'] = guest.raw_ns
    for number in guest.guest_id.unique():
        (slope, offset), origin = clock_line(database, int(number))
        mine = guest.guest_id == number
        raw = guest.loc[mine, 'raw_ns']
        guest.loc[mine, 'host_ns'] = (raw + offset + slope * (raw - origin)).astype('int64')

    both = pandas.merge_asof(guest.sort_values('host_ns'), host.sort_values('raw_ns'), left_on='host_ns',
                             right_on='raw_ns', by=['guest_id', 'vcpu', 'visit_id'], direction='nearest',
                             suffixes=('', '_host'))
    keys = [both.guest_id, both.vcpu, both.visit_id]
    wanted = [name + side for name in EVENTS for side in ('', '_host')]
    windows = both[wanted].groupby(keys).diff()
    windows['visit_id'] = both.visit_id
    windows = windows.dropna()
    ratios = {name: float((windows[name] / windows[name + '_host']).median()) for name in EVENTS}
    windows['ratio'] = windows.branch_misses / windows.cycles
    windows = windows.merge(visits, on='visit_id')
    rho = {int(condition): float(some.ratio.rank().corr(some.vp_percent.rank()))
           for condition, some in windows.groupby('condition_id')}
    print(json.dumps({'windows': len(windows), 'median_ratio': ratios, 'spearman': rho}))


main()
