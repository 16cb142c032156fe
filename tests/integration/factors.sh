#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Factors of a condition with real guests: CPU quota and shares, processes of the host beside the guests,
# no page sharing; what each comes to is in the dataset, and nothing of it stays.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
cat >"$place/plan.json" <<'JSON'
{ "version": 1, "name": "small", "connect": "qemu:///embed", "accelerator": "tcg", "pool": "0-1",
  "guests": { "micro": { "memory_mib": 160 }, "bulk": { "count": 1, "memory_mib": 160 } },
  "load": ["stress", "-c", "1"],
  "conditions": [ { "name": "quota", "cpu_quota_percent": { "bulk": 20 }, "nosharepages": true },
                  { "name": "hogs", "host_hogs": "100%", "cpu_shares": 512 } ],
  "steps_percent": [50], "repeats": 1, "frame_visits": false, "settle_seconds": 3, "measure_seconds": 8 }
JSON

"$hostctl" run "$place/plan.json" -n >"$place/out"
grep -q 'condition  *{"name":"hogs","host_hogs":"100%","cpu_shares":512}' "$place/out" || fail "$(cat "$place/out")"
grep -q '2 host hogs$' "$place/out" || fail "$(cat "$place/out")"

query()
{
    sqlite3 -readonly "$place/run.db" "$1" 2>/dev/null
}

"$hostctl" run "$place/plan.json" -o "$place/run.db" >"$place/out" 2>&1 </dev/null &
pid=$!
for _ in $(seq 1200); do
    n=$(query 'select count(*) from host_sample where visit_id = 1') && [ "${n:-0}" -gt 0 ] && break
    sleep 0.1
done
for qemu in $(pgrep -f 'guest=small-'); do
    tr '\0' '\n' <"/proc/$qemu/cmdline" | grep -q 'mem-merge=off' || fail 'a guest may share pages'
done
for _ in $(seq 1200); do
    n=$(query 'select count(*) from host_sample where visit_id = 2') && [ "${n:-0}" -gt 0 ] && break
    sleep 0.1
done
hogs=$(pgrep -cx insideout-hog) || true
[ "$hogs" = 2 ] || fail "$hogs processes of the host make load, not 2"
wait "$pid" || fail "the run failed: $(tail -3 "$place/out")"
host_is_as_before 'after a run with hogs and quotas'
! pgrep -x insideout-hog >/dev/null || fail 'a hog is left'

[ "$(query 'select cpu_quota_percent from guest order by id' | xargs)" = 20 ] || fail 'the quota is not recorded'
[ "$(query 'select group_concat(cpu_shares) from guest')" = 512,512 ] || fail 'the shares are not recorded'
visits=$(query 'select host_hogs, runnable_vcpus, vp_percent, load_percent from visit order by position')
[ "$visits" = '0|2|50.0|100.0
2|2|50.0|200.0' ] || fail "the visits are $visits"
seconds=$(query "select cast(round((max(run_ns)-min(run_ns))/1e9) as int) from task_sample where name = 'host-hog' and visit_id = 2")
[ "$seconds" -ge 1 ] || fail "the hogs used $seconds s"
share=$(query "select max(run_ns)-min(run_ns) <= 0.25*(max(raw_ns)-min(raw_ns)) from sched_sample join guest on guest.id = guest_id
    where visit_id = 1 and role = 'bulk'")
[ "$share" = 1 ] || fail 'the bulk guest had more than its quota'
pass 'quota, shares and hogs did what they say'

"$correlate" validate "$place/run.db" --json >"$place/run.json" || [ $? = 3 ] || fail 'correlate validate failed'
python3 - "$place/run.json" <<'PYTHON'
import json, sys
checks = {row['condition']: row for row in json.load(open(sys.argv[1]))['steal_check']}
print(json.dumps(checks))
# A guest that is throttled 80 % of the time, beside one that is not.
assert checks['quota']['expected_ratio'] > 0.35, checks
assert checks['quota']['pass'] and checks['hogs']['pass'], checks
PYTHON
pass 'the check of the wait knows quotas and hogs'
