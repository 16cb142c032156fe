#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Balloons that follow free memory, with real guests: on a host that seems to have 10 % left they are
# shrunk step by step, and recorded; on one that has enough nothing is asked.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
cat >"$place/plan.json" <<'JSON'
{ "version": 1, "name": "small", "connect": "qemu:///embed", "accelerator": "tcg", "pool": "0-1",
  "guests": { "micro": { "memory_mib": 256 }, "bulk": { "count": 1, "memory_mib": 256 } },
  "load": ["stress", "-c", "1"], "conditions": [ { "name": "follow", "balloon": "auto" } ],
  "steps_percent": [50], "repeats": 1, "frame_visits": false, "settle_seconds": 10, "measure_seconds": 12 }
JSON

query()
{
    sqlite3 -readonly "$place/run.db" "$1"
}

INSIDEOUT_FAULT=balloon.host_free_percent:number:10 "$hostctl" run "$place/plan.json" -k -o "$place/run.db" \
    >"$place/out" 2>&1 </dev/null || fail "the run failed: $(tail -3 "$place/out")"
host_is_as_before 'after a run with balloons that follow'
[ "$(query "select count(*) > 0 from note where text like 'balloon auto: % guests asked, 10.0 % of the host%'")" = 1 ] ||
    fail "the notes are $(query 'select text from note')"
full=$((256 * 1024))
asked=$(query 'select min(balloon_asked_kib) from memory_sample where guest_id is not null')
reached=$(query 'select min(balloon_reached_kib) from memory_sample where guest_id is not null')
[ "${asked:-$full}" -lt $((full * 96 / 100)) ] || fail "at most $asked KiB of $full were asked for"
[ "$asked" -ge $((102 * 1024)) ] || fail "a guest was asked for $asked KiB"
[ "${reached:-$full}" -lt $full ] || fail "the balloons stand at $reached KiB"
pass 'balloons follow a host under pressure'
