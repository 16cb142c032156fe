#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Guests from somebody's image, with real guests: a small disk image whose own init reads the NoCloud
# seed as cloud-init does, and nothing else of ours, gets the probe from the seed and counts. The
# image boots by its own boot loader, then once more by its kernel given outright, then as a volume of a storage pool of
# libvirt's.
set -euo pipefail
. "$(dirname "$0")/host.sh"

syslinux=/usr/lib/syslinux/modules/bios/ldlinux.c32
isolinux=/usr/lib/ISOLINUX
for tool in xorriso qemu-img cpio sqlite3; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[[ -e $isolinux/isolinux.bin && -e $syslinux ]] || skip 'isolinux or syslinux-common is not installed'
modules=/lib/modules/image
kernel_package=$(find /var/cache/insideout -name 'linux-image-*.deb' 2>/dev/null | sort | tail -1)
[ -n "$kernel_package" ] || skip 'no kernel package in /var/cache/insideout (appliance/build leaves it there)'

# --- the image: the appliance's initramfs, without a probe, under another init ----------------
mkdir -p "$place/extra$modules" "$place/tree/isolinux" "$place/kernel"
dpkg-deb --fsys-tarfile "$kernel_package" |
    tar -x -C "$place/kernel" --wildcards '*/isofs.ko*' '*/cdrom.ko*'
for name in cdrom isofs; do
    file=$(find "$place/kernel" -name "$name.ko*" | head -1)
    case $file in
        *.xz) xz -dc "$file" >"$place/extra$modules/$name.ko" ;;
        ?*) cp "$file" "$place/extra$modules/$name.ko" ;;
    esac
done
cat >"$place/extra/init" <<'EOF'
#!/bin/sh
export PATH=/usr/local/bin:/bin HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
rm /bin/guestprobe
while read -r module when; do
    case $when in kvm) ;; *) insmod "/lib/modules/$module.ko" 2>/dev/null ;; esac
done </lib/modules/list
for module in cdrom isofs; do
    [ ! -e "/lib/modules/image/$module.ko" ] || insmod "/lib/modules/image/$module.ko"
done
mkdir -p /seed /tmp
until device=$(findfs LABEL=cidata); do sleep 0.2; done
mount -t iso9660 -o ro "$device" /seed || echo 'no seed' >/dev/console
grep -q '^instance-id: ' /seed/meta-data && grep '^local-hostname: ' /seed/meta-data >/dev/console
cp /seed/user-data /user-data
umount /seed
until ls /sys/class/virtio-ports/*/name >/dev/null 2>&1; do sleep 0.1; done
mkdir -p /dev/virtio-ports
for port in /sys/class/virtio-ports/*; do
    read -r name <"$port/name"
    ln -s "/dev/${port##*/}" "/dev/virtio-ports/$name"
done
/bin/sh /user-data >/dev/console 2>&1 || echo "user data: status $?" >/dev/console
while :; do sleep 60; done
EOF
chmod 755 "$place/extra/init"
(cd "$place/extra" && find . | cpio --quiet --create --format=newc) >"$place/extra.cpio"
cp "$IMAGE/vmlinuz" "$place/tree/vmlinuz"
cat "$IMAGE/initramfs" "$place/extra.cpio" >"$place/tree/initrd.img"
cp "$isolinux/isolinux.bin" "$syslinux" "$place/tree/isolinux/"
cat >"$place/tree/isolinux/isolinux.cfg" <<'EOF'
default image
label image
  kernel /vmlinuz
  append initrd=/initrd.img console=ttyS0 quiet panic=-1 cryptomgr.notests
EOF
xorriso -as mkisofs -quiet -r -V image -isohybrid-mbr "$isolinux/isohdpfx.bin" -b isolinux/isolinux.bin \
    -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table -o "$place/image.raw" "$place/tree" 2>/dev/null
chmod 644 "$place/image.raw"
qemu-img convert -f raw -O qcow2 "$place/image.raw" "$place/image.qcow2"
chmod 644 "$place/image.qcow2"
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
