#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A run that was interrupted, or killed, is gone on with: what was made stands, the rest is made.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
small_plan "$place/plan.json"
sed -i 's/"measure_seconds": 5/"measure_seconds": 3/; s/"settle_seconds": 4/"settle_seconds": 2/; s/\[0, 100\]/[0, 50]/; s/"count": 2/"count": 1/' "$place/plan.json"

query()
{
    sqlite3 -readonly "$place/run.db" "$1"
}

# wait_for QUERY: until it answers more than 0 about the dataset that is being written.
wait_for()
{
    local n
    for _ in $(seq 1200); do
        n=$(query "$1" 2>/dev/null) && [ "${n:-0}" -gt 0 ] && return
        sleep 0.1
    done
    fail "two minutes long not: $1"
}

"$hostctl" run "$place/plan.json" -o "$place/run.db" --keep-going >"$place/out" 2>&1 </dev/null &
pid=$!
wait_for "select count(*) from visit where position = 2 and load_raw_ns is null"
kill -KILL "$pid"
{ wait "$pid" || true; } 2>/dev/null
made=$(query 'select count(*) from host_sample where visit_id = 1')

sed 's/\[0, 50\]/[0, 50, 50]/' "$place/plan.json" >"$place/other.json"
status=0
"$hostctl" run "$place/other.json" --resume "$place/run.db" >"$place/out" 2>&1 </dev/null || status=$?
[ "$status" = 1 ] || fail "another plan: exit $status"
grep -qF '$.steps_percent[2]' "$place/out" || fail "another plan: $(cat "$place/out")"
pass 'another plan is refused, and the place named'

"$hostctl" run "$place/plan.json" --resume "$place/run.db" --keep-going >"$place/out" 2>&1 </dev/null ||
    fail "resume: $(tail -3 "$place/out")"
[ "$(query 'PRAGMA integrity_check')" = ok ] || fail 'the dataset is damaged'
[ "$(query 'select state from run')" = complete ] || fail "the run's state is $(query 'select state from run')"
[ "$(query "select group_concat(position) from (select * from visit where state = 'done' order by position)")" = 1,2 ] ||
    fail "the visits made are $(query 'select position, state from visit')"
[ "$(query 'select count(*) from host_sample where visit_id = 1')" = "$made" ] || fail 'the first visit was made again'
[ "$(query "select count(*) from note where text like 'gone on with: 1 of 2 visits stand%'")" = 1 ] || fail 'no note marks the seam'
pass 'a killed run is complete after --resume, its first visit stands'

status=0
"$hostctl" run "$place/plan.json" --resume "$place/run.db" >"$place/out" 2>&1 </dev/null || status=$?
[ "$status" = 1 ] || fail "a complete run: exit $status"
grep -q 'nothing to go on with' "$place/out" || fail "a complete run: $(cat "$place/out")"
"$correlate" validate "$place/run.db" --json >"$place/run.json" || [ $? = 3 ] || fail 'correlate validate failed'
host_is_as_before 'a run killed and gone on with'
