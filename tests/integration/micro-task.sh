#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The reference experiment's micro guest: a disk for loads that sync, a load that begins with its
# measurement, and counters about that load alone. With the kernel's own counters, which any guest has.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
cat >"$place/plan.json" <<'JSON'
{ "version": 1, "name": "small", "connect": "qemu:///embed", "accelerator": "tcg", "counters": "software", "pool": "0-1",
  "guests": { "micro": { "memory_mib": 160, "load": ["stress", "-i", "1", "-c", "1"], "load_at": "measure",
                         "scope": "task", "disk_mib": 32 },
              "bulk": { "count": 1, "memory_mib": 160, "disk_mib": 32 } },
  "load": ["stress", "-i", "1"], "events": ["task-clock", "context-switches"],
  "conditions": [ { "name": "plain" } ], "steps_percent": [50], "order": "ascending", "repeats": 2,
  "between_conditions": "keep", "frame_visits": false, "settle_seconds": 3, "measure_seconds": 6 }
JSON

"$hostctl" run "$place/plan.json" -n >"$place/out"
grep -q 'disks of 32 and 32 MiB' "$place/out" || fail "$(cat "$place/out")"
grep -q 'micro counts its load alone, its load begins with its measurement' "$place/out" || fail "$(cat "$place/out")"

query()
{
    sqlite3 -readonly "$place/run.db" "$1" 2>/dev/null
}

"$hostctl" run "$place/plan.json" -k -o "$place/run.db" >"$place/out" 2>&1 </dev/null &
pid=$!
for _ in $(seq 1200); do
    kill -0 "$pid" 2>/dev/null || break
    n=$(query 'select count(*) from sched_sample where visit_id = 1') && [ "${n:-0}" -gt 3 ] && break
    sleep 0.1
done
ls -s "$place/state/disks" >"$place/disks" 2>&1 || true
status=0
wait "$pid" || status=$?
if grep -q 'this is no request to a guest' "$place/out"; then
    host_is_as_before 'after a probe that does not know the request'
    skip "the guest image in $IMAGE is older than this test (appliance/build makes it anew)"
fi
[ "$status" = 0 ] || fail "the run failed: $(tail -3 "$place/out")"
host_is_as_before 'after a run with disks'
[ -z "$(ls "$place/state/disks")" ] || fail "a disk is left: $(ls "$place/state/disks")"
grep -q 'small-micro.raw' "$place/disks" || fail "the disks were $(cat "$place/disks")"
[ "$(query 'select group_concat(disk_kib) from guest')" = 32768,32768 ] || fail 'the disks are not recorded'
[ "$(query "select scope from guest where role = 'micro'")" = task ] || fail 'the scope is not recorded'
pass 'disks are there while the guests are'

[ "$(query 'select group_concat(distinct vcpu) from guest_sample')" = 0 ] || fail 'a task is on one row a tick'
[ "$(query 'select count(*) from guest_window where visit_id = 1 and task_clock > 0')" -ge 3 ] || fail 'the load was not counted'
# Begun anew with its load: what the first visit counted is not in the second's.
again=$(query 'select min(task_clock) < (select max(task_clock) from guest_sample where visit_id = 1) from guest_sample where visit_id = 2')
[ "$again" = 1 ] || fail 'the second visit goes on with the counts of the first'
busy=$(query 'select 1.0*sum(task_clock)/sum(window_ns) from guest_window where visit_id = 1')
python3 -c 'import sys; assert 0.05 < float(sys.argv[1]) <= 1.05' "$busy" || fail "the load had $busy CPUs of one"
pass 'the load alone was counted'
