# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Sourced by what wants an empty Debian 12 to install packages in: make_root puts one below $work/root, from a copy in
# $cache when there is one. Wants work, a folder of its own, and skip() and fail().

work=${work:?a folder of its own}
root=$work/root
cache=${cache:-/var/cache/insideout/debian12}
mirror=${DEBIAN_MIRROR:-$(grep -rhoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | sed -n 1p || true)}
mirror=${mirror:-http://deb.debian.org/debian}

inside()
{
    chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" "$@"
}

install_in_root()
{
    inside apt-get --quiet=2 --yes --no-install-recommends -o Dpkg::Use-Pty=0 install "$@" >"$work/apt.log" 2>&1 ||
        fail "apt-get install $*: $(tail -n 5 "$work/apt.log")"
}

# Nodes of its own: a package that is installed in there gives the nodes it finds to its own groups, /dev/kvm too.
make_devices()
{
    local node name major minor
    mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
    for node in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
        IFS=: read -r name major minor <<<"$node"
        mknod -m 666 "$root/dev/$name" c "$major" "$minor"
    done
    ln -s /proc/self/fd "$root/dev/fd"
    mkdir "$root/dev/shm" "$root/dev/pts"
}

make_root()
{
    mkdir -p "$cache/archives"
    if [ ! -e "$cache/root.tar" ]; then
        debootstrap --variant=minbase bookworm "$work/new" "$mirror" >"$work/debootstrap.log" 2>&1 ||
            skip "no Debian 12 from $mirror: $(tail -n 1 "$work/debootstrap.log")"
        tar -C "$work/new" --one-file-system -cf "$work/root.tar" .
        mv "$work/root.tar" "$cache/root.tar"
        rm -rf --one-file-system "$work/new"
    fi
    mkdir "$root"
    tar -C "$root" -xf "$cache/root.tar"
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    make_devices
    mkdir -p "$root/var/cache/apt/archives/partial"
    mount --bind "$cache/archives" "$root/var/cache/apt/archives"
    mkdir -p "$root/var/cache/apt/archives/partial"
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    cp /etc/resolv.conf "$root/etc/" 2>/dev/null || true
    echo 'APT::Keep-Downloaded-Packages "true";' >"$root/etc/apt/apt.conf.d/keep"
    inside apt-get --quiet=2 update >"$work/apt.log" 2>&1 || skip "apt-get update in the empty system: $(tail -n 1 "$work/apt.log")"
}

unmount_root()
{
    local folder
    for folder in var/cache/apt/archives sys proc dev; do
        ! mountpoint -q "$root/$folder" || umount "$root/$folder"
    done
}
