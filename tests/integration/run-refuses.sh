#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Everything that can go wrong with a run ends with a clear message, exit 1, and the host as before.
set -euo pipefail
. "$(dirname "$0")/host.sh"

# refuses NAME EXIT MESSAGE -- COMMAND…
refuses()
{
    local name=$1 wanted=$2 message=$3 status=0
    shift 4
    "$@" >"$place/out" 2>&1 </dev/null || status=$?
    [ "$status" = "$wanted" ] || fail "$name: exit $status, not $wanted: $(tail -3 "$place/out")"
    grep -qF -- "$message" "$place/out" || fail "$name: “$message” is not in: $(tail -3 "$place/out")"
    host_is_as_before "$name"
}

small_plan "$place/plan.json"
run=("$hostctl" run "$place/plan.json" -o "$place/run.db" --replace --keep-going)

small_plan "$place/wrong.json" '"repeat": 2'
refuses 'a wrong key' 1 'did you mean “repeats”?' -- "$hostctl" run "$place/wrong.json" -o "$place/run.db"

mv "$place/state/guest/vmlinuz" "$place/vmlinuz"
refuses 'a missing kernel' 1 'guest/vmlinuz is missing' -- "${run[@]}"
mv "$place/vmlinuz" "$place/state/guest/vmlinuz"

refuses 'a URI that nobody serves' 1 'qemu+unix:///system?socket=/nowhere' -- \
    "$hostctl" -c 'qemu+unix:///system?socket=/nowhere' run "$place/plan.json" -o "$place/run.db" --replace
refuses 'no output' 2 'want -o FILE' -- "$hostctl" run "$place/plan.json"

echo 'not empty' >"$place/there.db"
refuses 'a file that is there already' 1 "$place/there.db" -- "$hostctl" run "$place/plan.json" -o "$place/there.db"
[ "$(cat "$place/there.db")" = 'not empty' ] || fail 'the file that was there already is gone'

# The initramfs of a guest whose probe never starts: busybox alone.
mkdir -p "$place/mute/bin"
cp "$(command -v busybox)" "$place/mute/bin/busybox"
printf '#!/bin/busybox sh\n/bin/busybox echo mute guest\nwhile :; do /bin/busybox sleep 60; done\n' >"$place/mute/init"
chmod 755 "$place/mute/init"
mv "$place/state/guest/initramfs" "$place/initramfs"
(cd "$place/mute" && find . | cpio -o -H newc --quiet) >"$place/state/guest/initramfs"
small_plan "$place/mute.json" '"boot_seconds": 12'
refuses 'a guest that never talks' 1 'guest small-micro: its probe does not talk' -- \
    "$hostctl" run "$place/mute.json" -o "$place/run.db" --replace
mv "$place/initramfs" "$place/state/guest/initramfs"

mkdir "$place/full"
mount -t tmpfs -o size=300k tmpfs "$place/full"
refuses 'a full disk' 1 "$place/full/run.db" -- "$hostctl" run "$place/plan.json" -o "$place/full/run.db"
[ "$(sqlite3 -readonly "$place/full/run.db" 'select count(*) from run')" = 1 ] || fail 'what was committed is not readable'
umount "$place/full"

# wait_for QUERY: until it answers more than 0 about the dataset that is being written.
wait_for()
{
    local n
    for _ in $(seq 1200); do
        n=$(sqlite3 -readonly "$place/run.db" "$1" 2>/dev/null) && [ "${n:-0}" -gt 0 ] && return
        sleep 0.1
    done
    fail "two minutes long not: $1"
}

rm -f "$place"/run.db*
"${run[@]}" >"$place/out" 2>&1 </dev/null &
pid=$!
wait_for 'select count(*) from host_sample'
kill -INT "$pid"
status=0
wait "$pid" || status=$?
[ "$status" = 1 ] || fail "Ctrl-C: exit $status: $(tail -3 "$place/out")"
[ "$(sqlite3 -readonly "$place/run.db" 'select state from run')" = interrupted ] || fail 'Ctrl-C: the dataset does not say interrupted'
host_is_as_before 'after Ctrl-C in the middle of a window'

rm -f "$place"/run.db*
"${run[@]}" >"$place/out" 2>&1 </dev/null &
pid=$!
wait_for 'select count(*) from host_sample where visit_id = 2'
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
pgrep -f 'guest=small-' >/dev/null || fail 'no guest outlived the kill: nothing is tested'
cp "$place/run.db" "$place/killed.db"
cp "$place/run.db-wal" "$place/killed.db-wal"
sed 's/"measure_seconds": 5/"measure_seconds": 2/; s/"steps_percent": \[0, 100\]/"steps_percent": [0]/' "$place/plan.json" >"$place/next.json"
"$hostctl" run "$place/next.json" -o "$place/next.db" --keep-going >"$place/out" 2>&1 </dev/null || fail "the run after a kill: $(cat "$place/out")"
for word in 'an earlier hostctl was killed' 'guest small-micro' 'destroyed'; do
    grep -qF -- "$word" "$place/out" || fail "the run after a kill does not say “$word”: $(cat "$place/out")"
done
[ "$("$hostctl" recover)" = 'nothing to put back' ] || fail 'the run after a kill left something'
mv "$place/killed.db" "$place/run.db"
mv "$place/killed.db-wal" "$place/run.db-wal"
host_is_as_before 'after SIGKILL and the next run, which recovers by itself'
[ "$(sqlite3 -readonly "$place/run.db" 'PRAGMA integrity_check')" = ok ] || fail 'SIGKILL: the dataset is damaged'
[ "$(sqlite3 -readonly "$place/run.db" "select count(*) from visit where state = 'done'")" = 1 ] ||
    fail 'SIGKILL: the visit that was done is gone'
pass 'what was measured before a SIGKILL is there'
