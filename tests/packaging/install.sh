#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds the Debian packages and the RPMs, and compares their files; installs the Debian ones into an empty Debian 12 below a temporary folder, runs them
# there, removes them, and compares the files before and after.
# install.sh SOURCE-FOLDER. The empty system and downloads are kept in /var/cache/insideout.
set -euo pipefail
source=$1
names=(insideout insideout-guestprobe insideout-lab)

skip()
{
    echo "SKIP: $*"
    exit 77
}

fail()
{
    echo "not ok - $*"
    exit 1
}

pass()
{
    echo "ok - $*"
}

[ "$(id -u)" = 0 ] || skip 'chroot needs root'
for program in debootstrap dh lintian; do
    command -v "$program" >/dev/null || skip "$program is not installed (scripts/install-packages package)"
done

work=$(mktemp -d /var/tmp/insideout-packages-XXXXXX)
. "$source/tests/support/debian_root.sh"
clean_up()
{
    unmount_root
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

# Without what is no package's: logs, caches, and what libvirt's own driver makes in /run.
list_files()
{
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./var/log -o -path ./run/libvirt -o -path ./var/cache \
        -o -path ./var/lib/dpkg -o -path ./var/lib/apt \) -prune -o -print | sort)
}

# The packages that NAME wants and that are none of ours, by name alone.
wanted_by()
{
    dpkg-deb --field "$work/debs/$1"_*.deb Depends | tr ',' '\n' | sed 's/(.*//; s/|.*//; s/ //g' | grep -v '^insideout' || true
}

step_build()
{
    nice -n 10 "$source/scripts/package" --output "$work/debs" >"$work/package.log" 2>&1 ||
        fail "scripts/package: $(tail -n 20 "$work/package.log")"
    pass 'the packages are built, and lintian accepts them'
    [ -z "$(wanted_by insideout-guestprobe)" ] || fail "insideout-guestprobe depends on $(wanted_by insideout-guestprobe)"
    pass 'insideout-guestprobe depends on nothing'
}

# What a package brings, by the names that Debian gives, without what each system adds of its own.
files_of_deb()
{
    dpkg-deb --fsys-tarfile "$1" | tar -t | sed 's|^\./|/|'
}

normalized()
{
    sed -e 's|^/usr/lib64/|/usr/lib/x86_64-linux-gnu/|; s|/zsh/site-functions/|/zsh/vendor-completions/|; s|^/lib/systemd/|/usr/lib/systemd/|' \
        -e 's|\.1\.gz$|.1|; /^\/usr\/share\/\(doc\|licenses\|lintian\)/d; /\.build-id/d' | sort
}

step_rpm()
{
    local name
    if ! command -v rpmbuild >/dev/null || ! command -v rpmlint >/dev/null; then
        echo 'not checked: the RPMs (scripts/install-packages package)'
        return
    fi
    nice -n 10 "$source/scripts/package" --rpm --output "$work/rpms" >"$work/rpm.log" 2>&1 ||
        fail "scripts/package --rpm: $(tail -n 20 "$work/rpm.log")"
    pass 'the RPMs are built, and rpmlint accepts the spec'
    for name in "${names[@]}"; do
        files_of_deb "$work/debs/$name"_*.deb | grep -v '/$' | normalized >"$work/deb.list"
        # d in the first column: a folder.
        rpm --query --package --queryformat '[%{FILEMODES:perms} %{FILENAMES}\n]' "$work/rpms/$name"-[0-9]*.rpm |
            sed -n 's/^[^d][^ ]* //p' | normalized >"$work/rpm.list"
        [ -s "$work/rpm.list" ] || fail "$name: the RPM is empty"
        diff "$work/deb.list" "$work/rpm.list" >"$work/differ" || fail "$name: .deb (<) and RPM (>) differ: $(cat "$work/differ")"
    done
    pass 'the RPMs bring the same files as the Debian packages'
}

step_hardened()
{
    local name
    for name in "${names[@]}"; do
        dpkg-deb --extract "$work/debs/$name"_*.deb "$work/tree"
    done
    "$source/tests/packaging/hardened.py" "$work/tree" || fail 'the packages have programs that are not hardened'
}

processes_in_root()
{
    local process
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/root" || true)" != "$root" ] || tr '\0' ' ' <"$process/cmdline"
    done 2>/dev/null
}

step_install()
{
    local name
    for name in insideout insideout-lab; do
        # shellcheck disable=SC2046
        install_in_root $(wanted_by "$name")
    done
    inside apt-get --quiet=2 clean >/dev/null 2>&1 || true
    list_files >"$work/before"
    mkdir "$root/tmp/debs"
    cp "$work"/debs/*.deb "$root/tmp/debs/"
    for name in "${names[@]}"; do
        inside sh -c "dpkg --install /tmp/debs/${name}_*.deb" >"$work/dpkg.log" 2>&1 || fail "dpkg --install $name: $(cat "$work/dpkg.log")"
    done
    list_files >"$work/with"
    pass 'the set installs in an empty Debian 12'
    [ -z "$(processes_in_root)" ] || fail "the packages started $(processes_in_root)"
    if find "$root/etc/systemd/system" -name "insideout*" | grep . >/dev/null; then fail 'a unit was enabled'; fi
    pass 'nothing is started or enabled'
}

step_run()
{
    local status=0
    inside hostctl doctor --json >"$work/doctor.json" 2>"$work/doctor.err" || status=$?
    { [ $status = 0 ] || [ $status = 3 ]; } || fail "hostctl doctor ended with $status: $(cat "$work/doctor.err")"
    grep -q '"checks"' "$work/doctor.json" || fail "hostctl doctor printed $(head -c 300 "$work/doctor.json")"
    pass 'hostctl doctor runs there'
    inside guestprobe -e task-clock -- true 2>"$work/probe" || fail "guestprobe: $(cat "$work/probe")"
    inside correlate --version >/dev/null || fail 'correlate does not run'
    inside hostctl run /usr/share/insideout/examples/quick.json --dry-run >"$work/dry" 2>&1 ||
        grep -q 'guest image' "$work/dry" || fail "hostctl run --dry-run: $(cat "$work/dry")"
    pass 'guestprobe, correlate and hostctl run --dry-run run there'
}

step_remove()
{
    inside dpkg --purge insideout-lab insideout-guestprobe insideout >"$work/dpkg.log" 2>&1 || fail "dpkg --purge: $(cat "$work/dpkg.log")"
    rm -rf "$root/tmp/debs"
    list_files >"$work/after"
    diff "$work/before" "$work/after" >"$work/left" || fail "removing the packages leaves or takes: $(cat "$work/left")"
    pass "removal leaves nothing ($(comm -13 "$work/before" "$work/with" | wc -l) files were there)"
}

step_build
step_rpm
step_hardened
make_root
step_install
step_run
step_remove
