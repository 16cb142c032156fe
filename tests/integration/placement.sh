#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Load levels made of CPUs instead of guests, and vCPUs pinned one by one, with real guests: two bulk
# guests reach 200 % by sharing one CPU of two, and the visits are what they claim.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
cat >"$place/plan.json" <<'JSON'
{ "version": 1, "name": "small", "connect": "qemu:///embed", "accelerator": "tcg", "pool": "0-1",
  "guests": { "micro": { "memory_mib": 160 }, "bulk": { "count": 2, "memory_mib": 160 } },
  "load": ["stress", "-c", "1"],
  "conditions": [ { "name": "shrink", "placement": "shrink" }, { "name": "pinned", "placement": "pinned" } ],
  "steps_percent": [100, 200], "order": "ascending", "repeats": 1, "frame_visits": false,
  "between_conditions": "keep", "settle_seconds": 4, "measure_seconds": 10 }
JSON

status=0
"$hostctl" run "$place/plan.json" -n >"$place/out" 2>&1 || status=$?
[ "$status" = 1 ] || fail "a pinned step of 200 % with two guests: exit $status"
grep -qF '$.steps_percent[1]: 200 % of 2 CPUs needs 4 bulk guests' "$place/out" || fail "$(cat "$place/out")"

sed -i 's/, { "name": "pinned".*/ ],/' "$place/plan.json"
"$hostctl" run "$place/plan.json" -n >"$place/out"
grep -q '100 %  2 bulk, shrink on CPUs 0-1' "$place/out" || fail "$(cat "$place/out")"
grep -q '200 %  2 bulk, shrink on CPUs 1$' "$place/out" || fail "$(cat "$place/out")"
pass 'a dry run says on which CPUs'

# masks: the CPUs of every vCPU thread of this run, in the order of guests.
masks()
{
    local pid task
    for pid in $(pgrep -f 'guest=small-' | sort -n); do
        for task in "/proc/$pid/task/"*; do
            grep -q '^CPU [0-9]*/' "$task/comm" && awk '/^Cpus_allowed_list/ { print $2 }' "$task/status"
        done
    done | xargs
}

query()
{
    sqlite3 -readonly "$place/run.db" "$1" 2>/dev/null
}

# wait_for SQL: until it answers more than 0 about the dataset that is being written.
wait_for()
{
    local n
    for _ in $(seq 1200); do
        n=$(query "$1") && [ "${n:-0}" -gt 0 ] && return
        sleep 0.1
    done
    fail "two minutes long not: $1"
}

"$hostctl" run "$place/plan.json" -o "$place/run.db" >"$place/out" 2>&1 </dev/null &
pid=$!
wait_for 'select count(*) from host_sample where visit_id = 1'
[ "$(masks)" = '0-1 0-1 0-1' ] || fail "at 100 % the vCPUs may run on $(masks)"
wait_for 'select count(*) from host_sample where visit_id = 2'
[ "$(masks)" = '1 1 1' ] || fail "at 200 % the vCPUs may run on $(masks)"
wait "$pid" || fail "the run failed: $(tail -3 "$place/out")"
host_is_as_before 'after a run that shrank the pool'
visits=$(query "select vp_percent, load_percent, bulk_running, runnable_vcpus, pool, pool_cpus from visit order by position")
[ "$visits" = '100.0|150.0|2|3|0-1|2
200.0|300.0|2|3|1|1' ] || fail "the visits are $visits"
[ "$(query "select json_extract(settings, '\$.placement') from condition")" = shrink ] || fail 'the condition is not recorded'
pass 'two guests on two CPUs reached 200 %'

"$correlate" validate "$place/run.db" --json >"$place/run.json" || [ $? = 3 ] || fail 'correlate validate failed'
python3 - "$place/run.json" <<'PYTHON'
import json, sys
checks = {row['vp_percent']: row for row in json.load(open(sys.argv[1]))['steal_check']}
print(json.dumps(checks))
# Three vCPUs on one CPU wait two thirds of the time, or longer where somebody else uses that CPU too.
assert checks[200]['expected_ratio'] > 0.65, checks
assert checks[100]['pass'] and checks[200]['pass'], checks
PYTHON
pass 'its steal check passes'

sed -i 's/"shrink", "placement": "shrink"/"pinned", "placement": "pinned"/; s/\[100, 200\]/[100]/' "$place/plan.json"
rm -f "$place"/run.db*
"$hostctl" run "$place/plan.json" -o "$place/run.db" >"$place/out" 2>&1 </dev/null &
pid=$!
wait_for 'select count(*) from host_sample'
[ "$(masks)" = '0 1 0' ] || fail "pinned vCPUs may run on $(masks)"
wait "$pid" || fail "the run failed: $(tail -3 "$place/out")"
host_is_as_before 'after a run that pinned'
pass 'vCPUs were pinned in turn'
