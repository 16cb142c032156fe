#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Guests of another machine, with real guests: libvirt's transport "ext" starts what ssh would start on
# a machine called node, here virt-ssh-helper before this machine's own daemon. hostctl sees another
# machine: everything goes through libvirt, and what is here must not be touched.
set -euo pipefail
. "$(dirname "$0")/host.sh"

command -v virt-ssh-helper >/dev/null || skip 'virt-ssh-helper is not installed (it comes with libvirtd)'
. "$(dirname "$0")/small_image.sh"
need_libvirtd
there=qemu:///system
pool=io-${place##*-}
guest=$pool-a
mkdir -m 755 "$place/pool"
cp "$place/image.qcow2" "$place/pool/"
virsh -q -c $there pool-create-as "$pool" dir --target "$place/pool" || skip 'libvirt makes no storage pool (is its storage driver installed?)'
printf '#!/bin/sh\nexec virt-ssh-helper %s\n' $there >"$place/far"
chmod 755 "$place/far"
far="qemu+ext://node/system?command=$place/far"

end_there()
{
    virsh -q -c $there destroy "$pool-theirs" 2>/dev/null || true
    virsh -q -c $there destroy "$pool-ours" 2>/dev/null || true
    "$hostctl" -c "$far" guest destroy "$guest" >/dev/null 2>&1 || true
    "$hostctl" recover >/dev/null 2>&1 || true
    virsh -q -c $there destroy "$guest" 2>/dev/null || true
    virsh -q -c $there pool-destroy "$pool" >/dev/null 2>&1 || true
    clean_up
}
trap end_there EXIT

from_afar()
{
    "$hostctl" -c "$far" "$@"
}

volumes()
{
    virsh -q -c $there vol-list "$pool" | awk '{ print $1 }' | sort | xargs
}

# says WORD ARGUMENT...: hostctl fails from afar with a message that has the word.
says()
{
    local word=$1
    shift
    from_afar "$@" >"$place/out" 2>&1 && fail "“$*” did not fail"
    grep -qF -- "$word" "$place/out" || fail "“$*” does not say “$word”: $(cat "$place/out")"
}

nothing_is_left()
{
    [ "$(volumes)" = image.qcow2 ] || fail "$1 left $(volumes)"
    ! virsh -q -c $there list --all --name | grep -qx "$guest" || fail "$1 left the guest"
    ! pgrep -f "guest=$guest," >/dev/null || fail "$1 left its QEMU"
    [ -z "$(find /sys/fs/cgroup -maxdepth 4 -name "*$guest*")" ] || fail "$1 left a control group"
    cmp -s "$place/image.qcow2" "$place/pool/image.qcow2" || fail "$1 changed the image"
}

# --- what counts is told where to run ------------------------------------------------------------
says "ssh node hostctl -c $there stat -I 1000" stat -I 1000
says "ssh node hostctl -c $there run p.json -o x.db" run p.json -o x.db
says "ssh node hostctl -c $there guest provision $guest" guest provision "$guest"
says 'another machine' guest provision "$guest" --image "$place/image.qcow2"
says 'volume no-such.qcow2' guest provision "$guest" --storage-pool "$pool" --image no-such.qcow2
nothing_is_left 'what was refused'
pass 'what counts, and what needs files there, is refused with the command to run there'

# --- a guest, made, met, listed, ended --------------------------------------------------------------
# A guest of this machine that has the same name, of which these would be the disks.
mkdir -p "$place/state/disks"
echo here | tee "$place/state/disks/$guest.qcow2" >"$place/state/disks/$guest.seed.iso"
from_afar guest provision "$guest" --storage-pool "$pool" --image image.qcow2 --memory 320 --load 'guestprobe --work cpu' \
    >"$place/out" 2>&1 || fail "provision: $(cat "$place/out")"
[ "$(head -1 "$place/out")" = "$guest" ] && grep -qF "running on $far: accelerator " "$place/out" || fail "$(cat "$place/out")"
cat "$place/out"
from_afar guest list >"$place/out" 2>&1 || fail "list: $(cat "$place/out")"
grep -q "^$guest  *bulk  *hand " "$place/out" || fail "the guest is not listed: $(cat "$place/out")"
[ "$(volumes)" = "image.qcow2 insideout-$guest.qcow2 insideout-$guest.seed.iso" ] || fail "the pool has $(volumes)"
[ -z "$(find "$place/run" -name 'console-*')" ] || fail 'there is a socket of it here'
[ -z "$(find "$place/state/disks" ! -name "$guest.*" -type f)" ] || fail 'there are files of it here'
from_afar balloon show "$guest" | grep -q "^$guest  *yes " || fail 'its balloon is not shown'
says "there is a guest $guest" guest provision "$guest" --storage-pool "$pool" --image image.qcow2
pass 'a guest on another machine: its probe answered over libvirt and started its load'

# --- guests that are not to be touched from here -----------------------------------------------------
paused()
{
    cat >"$place/domain.xml" <<EOT
<domain type='qemu'><name>$1</name><metadata>$2</metadata><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os></domain>
EOT
    virsh -q -c $there create --paused "$place/domain.xml" >/dev/null
}
paused "$pool-theirs" ''
paused "$pool-ours" "<i:guest xmlns:i='urn:insideout:guest:1' role='bulk' owner='hand'/>"
says 'was not made by hostctl' guest destroy "$pool-theirs"
says 'was not made by hostctl' balloon set "$pool-theirs" 32M
says "ssh node hostctl -c $there guest destroy $pool-ours" guest destroy "$pool-ours"
virsh -q -c $there domstate "$pool-theirs" | grep -q paused || fail 'a guest of others was touched'
virsh -q -c $there domstate "$pool-ours" | grep -q paused || fail 'a guest that was made there was touched'
virsh -q -c $there destroy "$pool-theirs" >/dev/null
virsh -q -c $there destroy "$pool-ours" >/dev/null
pass "others' guests are left alone, and those that were made there are ended there"

from_afar guest destroy "$guest" >"$place/out" 2>&1 || fail "destroy: $(cat "$place/out")"
nothing_is_left destroy
[ "$(cat "$place/state/disks/$guest."{qcow2,seed.iso})" = $'here\nhere' ] || fail 'files of a guest here that has its name are gone'
rm "$place/state/disks/$guest."*
pass 'it went with its volumes; a namesake here keeps its disks'

# --- one that never talks, and one whose maker is killed -----------------------------------------------
head -c 4096 "$place/tree/initrd.img" >"$place/broken.img"
says 'Kernel panic' guest provision "$guest" --storage-pool "$pool" --image image.qcow2 --memory 320 --accelerator tcg \
    --kernel "$place/tree/vmlinuz" --initrd "$place/broken.img"
nothing_is_left 'a guest that never talks'
pass 'one that never talks is reported with the end of its console, and taken away'

"$hostctl" -c "$far" guest provision "$guest" --storage-pool "$pool" --image image.qcow2 --memory 320 >"$place/out" 2>&1 &
killed=$!
until pgrep -f "guest=$guest," >/dev/null; do
    kill -0 $killed 2>/dev/null || fail "provision ended: $(cat "$place/out")"
    sleep 0.1
done
kill -KILL $killed
wait $killed 2>/dev/null || true
"$hostctl" recover >"$place/out" 2>&1 || fail "recover: $(cat "$place/out")"
grep -q "guest $guest .*destroyed" "$place/out" || fail "recover printed $(cat "$place/out")"
nothing_is_left recover
pass 'recover takes away what a killed run left there'
host_is_as_before 'guests of another machine'
