#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hostctl profile with a real guest: profile.sh URI. Its kernel's symbols come through its probe, whole and
# the kernel's own; a guest without KVM is not sampled, and nothing stays of what did not come to an end.
set -euo pipefail
. "$(dirname "$0")/host.sh"

uri=${1:?libvirt URI}
# The probe of this build: an older one does not know the request.
"$(dirname "$0")/../../appliance/build" -o "$place/state/guest" --guestprobe "$BUILD/guestprobe/guestprobe" >/dev/null ||
    skip 'the guest image of this build cannot be made'

host()
{
    "$hostctl" -c "$uri" "$@"
}

end_guests()
{
    host guest destroy --all >/dev/null 2>&1 || true
    clean_up
}
trap end_guests EXIT

host guest provision profiled --memory 192 >/dev/null 2>"$place/err" || fail "provision: $(cat "$place/err")"

host profile profiled --symbols-only -o "$place/symbols" >"$place/out" 2>"$place/err" || fail "profile: $(cat "$place/err")"
symbols=$place/symbols/kallsyms
for name in _text start_kernel schedule vfs_read; do
    grep -qE "^ffffffff[0-9a-f]{8} [tT] $name\$" "$symbols" || fail "the guest's kernel has no $name in $(wc -l <"$symbols") lines"
done
[ "$(wc -l <"$symbols")" -gt 20000 ] || fail "a kernel with $(wc -l <"$symbols") symbols"
grep -q "^$(wc -l <"$symbols") symbols and $(wc -l <"$place/symbols/modules") modules of guest profiled in $place/symbols\$" \
    "$place/out" || fail "profile printed $(cat "$place/out")"
# Modules as both files have them: each that is named with a symbol of its own is loaded.
while read -r module _; do
    grep -qF "[$module]" "$symbols" || fail "the symbols have none of module $module"
done <"$place/symbols/modules"
[ "$(stat -c %a "$place/symbols" "$symbols" | tr '\n' ' ')" = '700 600 ' ] || fail 'others may read the symbols'
pass "$(wc -l <"$symbols") symbols and $(wc -l <"$place/symbols/modules") modules of a guest's kernel"

# A second host finds the channel free, and the probe as ready as before.
host profile profiled --symbols-only >"$place/out" 2>"$place/err" || fail "a second time: $(cat "$place/err")"
folder=$(sed -n 's/.* in //p' "$place/out")
case $folder in "$place/state/profile-"??????) ;; *) fail "symbols in $folder" ;; esac
cmp "$symbols" "$folder/kallsyms" || fail 'the same kernel tells other symbols'
rm -r "$folder"
pass 'fetched twice, the same'

if pgrep -f 'guest=profiled,.* -accel tcg' >/dev/null; then
    code=0
    host profile profiled --for 1 >"$place/out" 2>"$place/err" || code=$?
    [ $code = 1 ] || fail "a translated guest was sampled: exit $code, $(cat "$place/out" "$place/err")"
    grep -q 'translated by QEMU' "$place/err" || fail "it says: $(cat "$place/err")"
    ! compgen -G "$place/state/profile-*" >/dev/null || fail 'a folder is left'
    pass 'a translated guest is not sampled, and the message says why'
fi

# A signal while the symbols come: nothing stays, and the next one is served.
"$hostctl" -c "$uri" profile profiled --symbols-only >"$place/out" 2>"$place/err" &
victim=$!
for _ in $(seq 1000); do
    ! compgen -G "$place/state/profile-*/kallsyms" >/dev/null || break
    sleep 0.02
done
kill -TERM "$victim"
code=0
wait "$victim" || code=$?
[ $code = 1 ] || fail "after SIGTERM the exit code is $code: $(cat "$place/out" "$place/err")"
! compgen -G "$place/state/profile-*" >/dev/null || fail 'a folder is left'
host profile profiled --symbols-only -o "$place/again" >/dev/null 2>"$place/err" || fail "after a signal: $(cat "$place/err")"
cmp "$symbols" "$place/again/kallsyms" || fail 'after a signal the same kernel tells other symbols'
pass 'a signal ends it, nothing stays, and the next one is served'

host guest destroy profiled >/dev/null
host_is_as_before "$uri: a guest whose symbols were fetched"
