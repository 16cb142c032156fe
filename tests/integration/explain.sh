#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who hurts whom, on real guests: explain must name the guest, the host task and the quota that a
# guest waits for, and nobody else. explain.sh URI
set -euo pipefail
. "$(dirname "$0")/host.sh"

uri=${1:?libvirt URI}
[ "$uri" != qemu:///system ] || need_libvirtd
[ "$(nproc)" -ge 2 ] || skip 'two CPUs are needed'
load='stress -c 1 -m 1 --vm-bytes 4M -i 4'
hog=

finish()
{
    [ -z "$hog" ] || kill "$hog" 2>/dev/null || true
    "$hostctl" -c "$uri" guest destroy --all >/dev/null 2>&1 || true
    clean_up
}
trap finish EXIT

provision()
{
    "$hostctl" -c "$uri" guest provision "$@" --memory 160 --load "$load" >/dev/null 2>"$place/err" ||
        fail "provision $*: $(cat "$place/err")"
}

# holds GUEST CONDITION: of what explain says of GUEST; `share(kind, name)` sums causes. The machine may
# do other work for a moment, so there are three tries.
holds()
{
    local try
    for try in 1 2 3; do
        "$hostctl" explain "$1" --for 8 --json >"$place/explain.json" || fail "explain $1"
        python3 - "$place/explain.json" "$2" <<'EOF' && return
import json, sys
said = json.load(open(sys.argv[1]))
def share(kind, name=None):
    return sum(cause['share_ratio'] for cause in said['causes']
               if cause['kind'] == kind and name in (None, cause['name']))
total = sum(cause['wait_ns'] for cause in said['causes'])
print('  ', said['text'])
sys.exit(not (abs(total - said['wait_ns']) <= max(0.02 * said['wait_ns'], 5e6) and eval(sys.argv[2])))
EOF
    done
    fail "explain $1: not “$2”: $(cat "$place/explain.json")"
}

provision xp-a --cpus 1
provision xp-b --cpus 1
provision xp-c --cpus 0
sleep 3
holds xp-a 'share("guest", "xp-b") >= 0.95 and share("guest", "xp-c") <= 0.01'
pass 'a guest on the same CPU is named, one on another is not'

"$hostctl" -c "$uri" guest destroy xp-b xp-c >/dev/null
taskset -c 1 sh -c 'while :; do :; done' &
hog=$!
holds xp-a 'share("host", "sh") >= 0.95 and share("guest") == 0'
kill "$hog"
hog=
pass 'a task of the host is named'

"$hostctl" -c "$uri" guest destroy xp-a >/dev/null
provision xp-q --cpus 1 --quota 30
sleep 3
holds xp-q 'share("quota") >= 0.95 and said["resource"] == "cpu_quota"'
pass 'its own quota is named'

"$hostctl" -c "$uri" guest destroy xp-q >/dev/null
provision xp-m --count 6 --cpus 1
sleep 3
"$hostctl" top --json --count 1 --interval 30 >"$place/top.json" || fail 'top --json'
python3 - "$place/top.json" <<'EOF' || fail "the matrix: $(cat "$place/top.json")"
import json, sys
guests = [guest for guest in json.load(open(sys.argv[1]))['guests'] if guest['name'].startswith('xp-m-')]
off = [abs(sum(cause['wait_ns'] for cause in guest['causes']) / guest['wait_ns'] - 1) for guest in guests]
print('   rows of the matrix are off by', ', '.join(f'{100 * ratio:.2f} %' for ratio in off))
sys.exit(not (len(guests) == 6 and max(off) <= 0.02 and min(guest['wait_ratio'] for guest in guests) > 0.7))
EOF
pass 'six guests on one CPU: what each waited for adds up to its run delay'

"$hostctl" explain xp-none >"$place/out" 2>"$place/err" && fail 'explained a guest that is not there'
grep -q 'no guest “xp-none”.*xp-m-1' "$place/err" || fail "said: $(cat "$place/err")"
pass 'a guest that is not there is an error that names those that are'
