#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A guest from a genuine cloud image: Debian 12 boots by its own GRUB, systemd and cloud-init from an overlay, cloud-init
# installs the probe from the NoCloud seed as a service, the probe counts, and nothing stays. The image is made once
# (tests/images/make-debian-image) and kept in /var/cache/insideout.
set -euo pipefail
. "$(dirname "$0")/host.sh"

image=${CLOUD_IMAGE:-/var/cache/insideout/debian12/cloud.qcow2}
for tool in xorriso qemu-img sqlite3; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
if [ -z "${CLOUD_IMAGE:-}" ]; then
    status=0
    "$(dirname "$0")/../images/make-debian-image" -o "$image" >"$place/made" 2>&1 || status=$?
    [ $status != 77 ] || skip "no Debian image: $(tail -n 1 "$place/made")"
    [ $status = 0 ] || fail "the image cannot be made: $(tail -n 5 "$place/made")"
    pass "$(tail -n 1 "$place/made")"
fi
whole=$(sha256sum <"$image"; stat -c '%U %a' "$image")

# The load is a child of the probe, so its control group says whose service the probe is.
service=insideout-guestprobe.service
cat >"$place/plan.json" <<PLAN
{ "version": 1, "name": "small", "connect": "qemu:///embed", "accelerator": "auto", "counters": "software", "pool": "0-1",
  "guests": { "micro": { "memory_mib": 512, "image": "$image" }, "bulk": { "count": 0 } },
  "load": ["sh", "-c", "grep -q /system.slice/$service /proc/self/cgroup || exit 9; exec guestprobe --work cpu"],
  "events": ["task-clock"], "conditions": [ { "name": "cloud", "ksm": "leave" } ], "steps_percent": [0], "repeats": 1,
  "frame_visits": false, "settle_seconds": 0, "measure_seconds": 5, "drop_seconds": 0, "boot_seconds": 420 }
PLAN
SECONDS=0
"$hostctl" run "$place/plan.json" -o "$place/run.db" --keep-going >"$place/out" 2>&1 </dev/null || fail "$(cat "$place/out")"
echo "the run took $SECONDS s"

query() { sqlite3 -readonly "$place/run.db" "$1"; }
ended=$(query "select text from note where text like '%load ended%'")
[ -z "$ended" ] || fail "the probe is not of $service: $ended"
windows=$(query 'select count(*) from guest_window where task_clock > 0')
[ "$windows" -ge 2 ] || fail "the probe counted in $windows windows: $(query 'select text from note')"
pass "cloud-init installed the probe as $service, which counted $windows windows"
facts=$(query "select facts from guest where role = 'micro'")
[[ $facts == *-cloud-amd64* ]] || fail "not the image's kernel: $facts"
pass "it is Debian's kernel: $(grep -o '[0-9.]*-[0-9]*-cloud-amd64' <<<"$facts" | sed -n 1p)"
[ -z "$(ls "$place/state/disks")" ] || fail "the run left $(ls "$place/state/disks")"
[ "$whole" = "$(sha256sum <"$image"; stat -c '%U %a' "$image")" ] || fail 'the image was changed'
pass 'overlay and seed are gone, the image is as before'
host_is_as_before 'a guest from a cloud image'
