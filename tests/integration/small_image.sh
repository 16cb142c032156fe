# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Sourced after host.sh: makes somebody's image, $place/image.raw and image.qcow2, that boots by its
# own boot loader; $place/tree has its kernel and initrd. It is the appliance's initramfs without a
# probe under another init, which reads the NoCloud seed as cloud-init does, and nothing else of ours.

syslinux=/usr/lib/syslinux/modules/bios/ldlinux.c32
isolinux=/usr/lib/ISOLINUX
for tool in xorriso qemu-img cpio; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[[ -e $isolinux/isolinux.bin && -e $syslinux ]] || skip 'isolinux or syslinux-common is not installed'
modules=/lib/modules/image
kernel_package=$(find /var/cache/insideout -name 'linux-image-*.deb' 2>/dev/null | sort | tail -1)
[ -n "$kernel_package" ] || skip 'no kernel package in /var/cache/insideout (appliance/build leaves it there)'

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
