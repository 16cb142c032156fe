#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Real guests by hand, over one libvirt: guests.sh URI. What they need, what they leave, and what
# is put back when hostctl is killed while it makes them.
set -euo pipefail
. "$(dirname "$0")/host.sh"

uri=${1:?libvirt URI}
[ "$uri" != qemu:///system ] || need_libvirtd
real_uri=$uri
[ "$uri" != qemu:///embed ] || real_uri="qemu:///embed?root=$INSIDEOUT_RUN_DIR/embed"
foreign=()

stop_foreign()
{
    [ ${#foreign[@]} = 0 ] || kill "${foreign[@]}" 2>/dev/null || true
    virsh -q -c "$real_uri" destroy theirs-libvirt 2>/dev/null || true
    "$hostctl" -c "$uri" guest destroy --all >/dev/null 2>&1 || true
    clean_up
}
trap stop_foreign EXIT

host()
{
    "$hostctl" -c "$uri" "$@"
}

# says WORD COMMAND...: it must fail with exit 1 and a message that has the word.
says()
{
    local word=$1 code=0
    shift
    "$@" >"$place/out" 2>"$place/err" || code=$?
    [ $code = 1 ] || fail "“$*” gave exit $code: $(cat "$place/out" "$place/err")"
    grep -qF -- "$word" "$place/err" || fail "“$*” does not say “$word”: $(cat "$place/err")"
}

running()
{
    host guest list --json | grep -c '"name"' || true
}

# --- made by hand, they outlive hostctl -------------------------------------------------------
host guest provision gs --count 2 --memory 160 --load 'stress -c 1' 2>"$place/err" >"$place/out" ||
    fail "provision: $(cat "$place/err")"
[ ! -s "$place/err" ] || fail "provision printed an error and succeeded: $(cat "$place/err")"
[ "$(head -2 "$place/out")" = $'gs-1\ngs-2' ] || fail "provision printed $(cat "$place/out")"
[ "$(running)" = 2 ] || fail 'the guests are not listed'
pass 'two guests with a load, made side by side'

grep -q 'org.insideout.probe.0' "/proc/$(pgrep -f 'guest=gs-1,' | head -1)/cmdline" || fail 'gs-1 is no process of ours'
says 'there is a guest gs-1' host guest provision gs-1
[ "$(running)" = 2 ] || fail 'a refused name changed something'
pass 'a name that is taken is refused'

# --- the balloon ------------------------------------------------------------------------------
host balloon set gs-1 140M >"$place/out" || fail 'the balloon did not get there'
host balloon set gs-1 130M >"$place/out" || fail 'the balloon did not get there'
grep -q 'reached' "$place/out" || fail "balloon set printed $(cat "$place/out")"
says 'leaves' host balloon set gs-1 40M
host balloon restore >/dev/null
for _ in $(seq 50); do
    host balloon show gs-1 --json | grep -q '"actual_kib" : 163840' && break
    sleep 0.2
done
host balloon show gs-1 --json | grep -q '"actual_kib" : 163840' || fail 'the balloon is not back'
pass 'a balloon is set and put back; a target that would kill the guest is refused'

# --- guests of others -------------------------------------------------------------------------
qemu-system-x86_64 -name guest=theirs -machine none -S -display none -monitor none 2>/dev/null &
foreign+=($!)
for _ in $(seq 50); do
    grep -q theirs "/proc/${foreign[0]}/cmdline" && break
    sleep 0.1
done
if [ -e /sys/kernel/mm/ksm/run ]; then
    says theirs host ksm set pages_to_scan=321
    [ "$(cat /sys/kernel/mm/ksm/pages_to_scan)" != 321 ] || fail 'KSM was changed all the same'
    host ksm set pages_to_scan=321 --shared-host
    host ksm set pages_to_scan=322 --shared-host
    [ "$(cat /sys/kernel/mm/ksm/pages_to_scan)" = 322 ] || fail 'KSM was not changed'
    host ksm restore
    pass "KSM is refused while others' guests run; set twice, it goes back to the first state"
fi

cat >"$place/theirs.xml" <<'EOF'
<domain type='qemu'><name>theirs-libvirt</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
EOF
virsh -q -c "$real_uri" create --paused "$place/theirs.xml" >/dev/null
says 'was not made by hostctl' host guest destroy theirs-libvirt
says 'was not made by hostctl' host balloon set theirs-libvirt 32M
host guest destroy --all >/dev/null
virsh -q -c "$real_uri" domstate theirs-libvirt | grep -q paused || fail 'a guest of others was touched'
[ "$(running)" = 0 ] || fail 'guests of ours are left'
# Without a daemon QEMU's end can overtake virsh, which then does not find the guest any more.
virsh -q -c "$real_uri" destroy theirs-libvirt >/dev/null 2>&1 || true
kill "${foreign[@]}"
wait "${foreign[@]}" 2>/dev/null || true
foreign=()
host_is_as_before "$uri: guests made and destroyed by hand"

# --- killed while it makes guests -------------------------------------------------------------
"$hostctl" -c "$uri" guest provision gs-lost --count 2 --memory 160 >/dev/null 2>&1 &
killed=$!
for _ in $(seq 300); do
    [ "$(pgrep -cf 'guest=gs-lost-')" -lt 2 ] || break
    sleep 0.1
done
sleep 1
kill -KILL "$killed"
{ wait "$killed" || true; } 2>/dev/null
pgrep -f 'guest=gs-lost-' >/dev/null || fail 'no guest outlived the kill: nothing is tested'
says 'hostctl recover' host guest provision gs-next
host recover >"$place/out" 2>"$place/err" || fail "recover: $(cat "$place/out" "$place/err")"
[ ! -s "$place/err" ] || fail "recover printed an error and succeeded: $(cat "$place/err")"
[ "$(stat -c %U "$place/state/guest/vmlinuz")" = root ] || [ "$uri" = qemu:///system ] ||
    fail "the guest image belongs to $(stat -c %U "$place/state/guest/vmlinuz")"
grep -q 'gs-lost-1.*destroyed' "$place/out" || fail "recover printed $(cat "$place/out")"
for _ in $(seq 50); do
    pgrep -f 'guest=gs-lost-' >/dev/null || break
    sleep 0.1
done
! pgrep -f 'guest=gs-lost-' >/dev/null || fail 'a guest is left'
[ "$(host recover)" = 'nothing to put back' ] || fail 'recover did not finish its work'
host_is_as_before "$uri: killed and recovered"

# --- interrupted ------------------------------------------------------------------------------
"$hostctl" -c "$uri" guest provision gs-int --memory 160 >/dev/null 2>"$place/err" &
interrupted=$!
for _ in $(seq 300); do
    ! pgrep -f 'guest=gs-int,' >/dev/null || break
    sleep 0.1
done
sleep 1
kill -TERM "$interrupted"
code=0
wait "$interrupted" || code=$?
[ $code = 1 ] || fail "SIGTERM gave exit $code: $(cat "$place/err")"
grep -q 'Terminated' "$place/err" || fail "SIGTERM printed $(cat "$place/err")"
host_is_as_before "$uri: interrupted"

# --- a guest that never talks -----------------------------------------------------------------
cp "$place/state/guest/initramfs" "$place/initramfs"
head -c 4096 "$place/initramfs" >"$place/state/guest/initramfs"
says 'Kernel panic' host guest provision gs-mute --memory 160
cp "$place/initramfs" "$place/state/guest/initramfs"
host_is_as_before "$uri: a guest that never talks"
