# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Sourced by the integration tests: a place of their own for state and sockets, a picture of the host
# before and after, and a libvirt daemon where none answers. Wants BUILD and IMAGE.

BUILD=${BUILD:?the build folder}
IMAGE=${IMAGE:-/var/lib/insideout/guest}
hostctl=$BUILD/hostctl/hostctl
correlate=$BUILD/correlate/correlate

skip()
{
    echo "SKIP: $*"
    exit 77
}

fail()
{
    echo "FAIL: $*" >&2
    exit 1
}

pass()
{
    echo "ok: $*"
}

[ "$(id -u)" = 0 ] || skip 'guests need root'
command -v qemu-system-x86_64 >/dev/null || skip 'qemu-system-x86_64 is not installed'
[ -r "$IMAGE/vmlinuz" ] || skip "no guest image in $IMAGE (appliance/build makes it)"

# Short: a socket's path ends at 107 bytes. Readable: QEMU runs as another user.
place=$(mktemp -d /run/io-XXXXXX)
chmod 755 "$place"
mkdir -m 755 "$place/state" "$place/run"
export INSIDEOUT_STATE_DIR=$place/state INSIDEOUT_RUN_DIR=$place/run
cp -r "$IMAGE" "$place/state/guest"
embed_id=$(printf %s "$INSIDEOUT_RUN_DIR/embed" | sha256sum | cut -c1-8)
daemon_pids=()
kvm_before=

clean_up()
{
    "$hostctl" recover >/dev/null 2>&1 || true
    [ ${#daemon_pids[@]} = 0 ] || kill "${daemon_pids[@]}" 2>/dev/null || true
    [ -z "$kvm_before" ] || { chgrp "${kvm_before% *}" /dev/kvm && chmod "${kvm_before#* }" /dev/kvm; }
    rm -rf "$place"
}
trap clean_up EXIT

# What a run must leave as it was: settings, and what we would leave lying about.
picture()
{
    local file
    for file in /sys/kernel/mm/ksm/*; do
        [ "$(stat -c %a "$file")" = 444 ] || echo "$file $(cat "$file")"
    done
    find /dev/shm -name 'insideout-*' | sort
    stat -c '%n %a %U %G' /dev/kvm 2>/dev/null || true
    pgrep -f 'guest=small-' || true
    # Control groups that libvirt's embedded driver made; theirs- are made and ended by virsh.
    find /sys/fs/cgroup -maxdepth 3 -name "qemu-embed-$embed_id-*" ! -name '*-theirs-*' 2>/dev/null | sort
}

# What the kernel counts of sharing and can go back: less than before is no harm, since pages of
# guests that ended earlier may have been waiting to be cleared.
shared_now()
{
    local file
    for file in pages_shared pages_sharing stable_node_chains stable_node_dups ksm_zero_pages; do
        [ ! -e "/sys/kernel/mm/ksm/$file" ] || echo "$file $(cat "/sys/kernel/mm/ksm/$file")"
    done
}

before=$(picture)
shared_before=$(shared_now)

# More is shared than before: prints what.
shared_more()
{
    join <(sort <<<"$shared_before") <(shared_now | sort) | awk '$3 > $2'
}

host_is_as_before()
{
    local after more
    after=$(picture)
    [ "$before" = "$after" ] || fail "the host has changed:
$(diff <(echo "$before") <(echo "$after"))"
    more=$(shared_more)
    [ -z "$more" ] || fail "more is shared than before (name, before, now): $more"
    pass "the host is as before: $1"
}

# start_daemon NAME: by hand, since no service manager need be here.
start_daemon()
{
    command -v "$1" >/dev/null || skip "$1 is not installed"
    "$1" -d -p "$place/$1.pid" || fail "$1 does not start"
    daemon_pids+=("$(cat "$place/$1.pid")")
}

# /dev/kvm as udev makes it, until clean_up. Where no udev ran it is root's alone, and libvirtd then asks
# QEMU before every guest what it can: a minute each.
open_kvm_to_qemu()
{
    [ -c /dev/kvm ] && [ "$(stat -c %a /dev/kvm)" = 600 ] || return 0
    kvm_before=$(stat -c '%g %a' /dev/kvm)
    chgrp kvm /dev/kvm
    chmod 660 /dev/kvm
    before=$(picture)
}

# Daemons for qemu:///system, unless they answer already.
need_libvirtd()
{
    [ -S /run/libvirt/virtlogd-sock ] || start_daemon virtlogd
    virsh -c qemu:///system version >/dev/null 2>&1 && return
    open_kvm_to_qemu
    start_daemon libvirtd
    for _ in $(seq 100); do
        virsh -c qemu:///system version >/dev/null 2>&1 && return
        sleep 0.1
    done
    fail 'libvirtd does not answer'
}

# small_plan FILE [JSON-MEMBER...]: two visits with real guests, further members at the end.
small_plan()
{
    local file=$1 more=
    shift
    for member in "$@"; do
        more="$more, $member"
    done
    cat >"$file" <<EOF
{ "version": 1, "name": "small", "connect": "qemu:///embed",
  "guests": { "micro": { "memory_mib": 160 }, "bulk": { "count": 2, "memory_mib": 160 } },
  "load": ["stress", "-c", "1", "-m", "1", "--vm-bytes", "4M", "-i", "4"],
  "load_env": { "MALLOC_MMAP_THRESHOLD_": "65536" }, "pool": "0-1", "accelerator": "tcg",
  "conditions": [ { "name": "noisy", "ksm": "on", "balloon": "80%" } ],
  "steps_percent": [0, 100], "order": "ascending", "repeats": 1, "frame_visits": false,
  "settle_seconds": 4, "measure_seconds": 5$more }
EOF
}
