#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Guests from somebody's image, with real guests: a small disk image whose own init reads the NoCloud
# seed as cloud-init does, and nothing else of ours, gets the probe from the seed and counts. The
# image boots by its own boot loader, then once more by its kernel given outright, then as a volume of a storage pool of
# libvirt's.
set -euo pipefail
. "$(dirname "$0")/host.sh"

command -v sqlite3 >/dev/null || skip 'sqlite3 is not installed'
. "$(dirname "$0")/small_image.sh"
whole=$(sha256sum <"$place/image.qcow2"; stat -c '%U %a' "$place/image.qcow2")

# --- in a plan: one window is counted -----------------------------------------------------------
cat >"$place/plan.json" <<EOF
{ "version": 1, "name": "small", "connect": "qemu:///embed", "accelerator": "tcg", "counters": "software", "pool": "0-1",
  "guests": { "micro": { "memory_mib": 320, "image": "$place/image.qcow2" }, "bulk": { "count": 0, "image": "$place/image.qcow2" } },
  "load": ["guestprobe", "--work", "cpu"], "events": ["task-clock"],
  "conditions": [ { "name": "image", "ksm": "leave" } ], "steps_percent": [0], "repeats": 1, "frame_visits": false,
  "settle_seconds": 0, "measure_seconds": 3, "drop_seconds": 0 }
EOF
"$hostctl" run "$place/plan.json" -o "$place/run.db" --keep-going >"$place/out" 2>&1 </dev/null || fail "$(cat "$place/out")"
windows=$(sqlite3 -readonly "$place/run.db" 'select count(*) from guest_window where task_clock > 0')
[ "$windows" -ge 1 ] || fail 'the probe of the image counted nothing'
pass "a guest from its own disk counted $windows windows"
[ -z "$(ls "$place/state/disks")" ] || fail "a run left $(ls "$place/state/disks")"
[ "$whole" = "$(sha256sum <"$place/image.qcow2"; stat -c '%U %a' "$place/image.qcow2")" ] || fail 'the image was changed'
pass 'overlay and seed are gone, the image is as before'

# --- by hand, by its kernel: the files stay with the guest and go with it -------------------------
"$hostctl" -c qemu:///embed guest provision gi --image "$place/image.raw" --memory 320 --kernel "$place/tree/vmlinuz" \
    --initrd "$place/tree/initrd.img" >"$place/out" 2>&1 || fail "provision: $(cat "$place/out")"
[ -e "$place/state/disks/gi.qcow2" ] && [ -e "$place/state/disks/gi.seed.iso" ] || fail 'the guest has no disk'
"$hostctl" -c qemu:///embed guest provision gi --image "$place/image.raw" >"$place/out" 2>&1 && fail 'a name that is taken was given again'
grep -q 'there is a guest gi' "$place/out" || fail "$(cat "$place/out")"
[ -e "$place/state/disks/gi.qcow2" ] || fail 'a refused name lost the disk of the guest that has it'
"$hostctl" -c qemu:///embed guest destroy gi >"$place/out" 2>&1 || fail "destroy: $(cat "$place/out")"
[ -z "$(ls "$place/state/disks")" ] || fail "destroy left $(ls "$place/state/disks")"
pass 'a guest by hand keeps its disk while it runs'
host_is_as_before 'guests from an image'

# --- from a storage pool: overlay and seed are volumes, made and removed by libvirt --------------
need_libvirtd
uri=qemu:///system
pool=io-${place##*-}
mkdir -m 755 "$place/pool"
cp "$place/image.qcow2" "$place/pool/"
virsh -q -c $uri pool-create-as "$pool" dir --target "$place/pool" || skip 'libvirt makes no storage pool (is its storage driver installed?)'
end_pool()
{
    "$hostctl" -c $uri guest destroy gp >/dev/null 2>&1 || true
    virsh -q -c $uri pool-destroy "$pool" >/dev/null 2>&1 || true
    clean_up
}
trap end_pool EXIT
volumes() { virsh -q -c $uri vol-list "$pool" | awk '{ print $1 }' | sort | xargs; }
in_pool=(-c "$uri" guest provision gp --storage-pool "$pool" --memory 320)

# says WORD COMMAND...: it fails with a message that has the word.
says()
{
    local word=$1
    shift
    "$@" >"$place/out" 2>&1 && fail "“$*” did not fail"
    grep -qF -- "$word" "$place/out" || fail "“$*” does not say “$word”: $(cat "$place/out")"
}
says 'volume no-such.qcow2' "$hostctl" "${in_pool[@]}" --image no-such.qcow2
says 'storage pool pond' "$hostctl" -c $uri guest provision gp --storage-pool pond --image image.qcow2
says 'has no pools' "$hostctl" -c qemu:///embed guest provision gp --storage-pool "$pool" --image image.qcow2
[ "$(volumes)" = image.qcow2 ] || fail "what was refused left $(volumes)"

"$hostctl" "${in_pool[@]}" --image image.qcow2 --kernel "$place/tree/vmlinuz" --initrd "$place/tree/initrd.img" >"$place/out" 2>&1 ||
    fail "provision: $(cat "$place/out")"
[ "$(volumes)" = 'image.qcow2 insideout-gp.qcow2 insideout-gp.seed.iso' ] || fail "the pool has $(volumes)"
qemu-img info -U "$place/pool/insideout-gp.qcow2" | grep -qx "backing file: $place/pool/image.qcow2" || fail 'the overlay lies on something else'
[ -z "$(ls "$place/state/disks")" ] || fail "there are files too: $(ls "$place/state/disks")"
"$hostctl" -c $uri guest destroy gp >"$place/out" 2>&1 || fail "destroy: $(cat "$place/out")"
[ "$(volumes)" = image.qcow2 ] || fail "destroy left $(volumes)"
pass 'a guest from a storage pool: its volumes went with it'

"$hostctl" "${in_pool[@]}" --image image.qcow2 >"$place/out" 2>&1 &
killed=$!
until [ "$(volumes)" != image.qcow2 ]; do
    kill -0 $killed 2>/dev/null || fail "provision ended: $(cat "$place/out")"
    sleep 0.1
done
kill -KILL $killed
wait $killed 2>/dev/null || true
"$hostctl" recover >"$place/out" 2>&1 || fail "recover: $(cat "$place/out")"
[ "$(volumes)" = image.qcow2 ] || fail "recover left $(volumes): $(cat "$place/out")"
cmp -s "$place/image.qcow2" "$place/pool/image.qcow2" || fail 'the image in the pool was changed'
pass 'recover removed the volumes of a killed run; the image is as before'
host_is_as_before 'guests from a storage pool'
