#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What controls are made of, with a real guest: a load of its own or none, processes on another core,
# timer interrupts; and a setting that this host lacks is told before any guest boots.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
cat >"$place/plan.json" <<'JSON'
{ "version": 1, "name": "small", "connect": "qemu:///embed", "accelerator": "tcg", "pool": "0",
  "guests": { "micro": { "memory_mib": 160 }, "bulk": { "count": 0 } },
  "load": ["stress", "-c", "1"],
  "conditions": [ { "name": "control-idle", "micro_load": [] },
                  { "name": "control-own", "micro_load": ["sh", "-c", "while :; do :; done & exec stress -c 1"] },
                  { "name": "control-host", "bandwidth_hogs": 1, "interrupts_per_second": 4000 } ],
  "steps_percent": [0], "repeats": 1, "between_conditions": "keep", "frame_visits": false,
  "settle_seconds": 3, "measure_seconds": 4 }
JSON

if [ ! -d /sys/devices/system/cpu/cpufreq/policy0 ]; then
    sed 's/"interrupts_per_second": 4000/"host": {"frequency_percent": 50}/' "$place/plan.json" >"$place/clock.json"
    ! "$hostctl" run "$place/clock.json" -n >"$place/out" 2>&1 || fail 'a clock that cannot be set is taken'
    grep -q 'conditions\[2\]: host.frequency_percent: this host has no cpufreq' "$place/out" || fail "$(cat "$place/out")"
    pass 'a setting that this host lacks is told beforehand'
fi

"$hostctl" run "$place/plan.json" -n >"$place/out" || skip "$(cat "$place/out")"
grep -q '1 bandwidth hogs on CPUs [0-9,-]*, 4000 timer interrupts a second on each$' "$place/out" || fail "$(cat "$place/out")"

query()
{
    sqlite3 -readonly "$place/run.db" "$1" 2>/dev/null
}

"$hostctl" run "$place/plan.json" -o "$place/run.db" --keep-going >"$place/out" 2>&1 </dev/null &
pid=$!
for _ in $(seq 1800); do
    n=$(query 'select count(*) from host_sample where visit_id = 3') && [ "${n:-0}" -gt 0 ] && break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
hog=$(pgrep -x insideout-hog) || fail "no hog runs: $(tail -3 "$place/out")"
! taskset -cp "$hog" | grep -qE 'list: (0|0[,-].*)$' || fail "the hog may run in the pool: $(taskset -cp "$hog")"
wait "$pid" || fail "the run failed: $(tail -3 "$place/out")"
host_is_as_before 'after a run of controls'
! pgrep -x insideout-hog >/dev/null || fail 'a hog is left'

visits=$(query 'select runnable_vcpus, host_hogs, vp_percent, load_percent from visit order by position')
[ "$visits" = '0|0|0.0|0.0
1|0|0.0|100.0
1|0|0.0|100.0' ] || fail "the visits are $visits"
idle=$(query "select max(run_ns)-min(run_ns) < 0.5*(max(raw_ns)-min(raw_ns)) from sched_sample where visit_id = 1")
[ "$idle" = 1 ] || fail 'a guest without a load is not idle'
pass 'a load of its own, none, and what the host does beside'

"$correlate" validate "$place/run.db" >"$place/out" || [ $? = 3 ] || fail 'correlate validate failed'
grep -q 'holds controls alone' "$place/out" || fail "$(head -5 "$place/out")"
pass 'correlate says that controls need another run'
