#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A run without its terminal: it goes on when that closes, hostctl status tells about it, SIGTERM ends it.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
command -v script >/dev/null || skip 'script (bsdutils) is not installed'
small_plan "$place/plan.json"
sed -i 's/"measure_seconds": 5/"measure_seconds": 3/; s/"settle_seconds": 4/"settle_seconds": 2/; s/"steps_percent": \[0, 100\]/"steps_percent": [0]/; s/"count": 2/"count": 1/' "$place/plan.json"

# field ID NAME: of hostctl status --json.
field()
{
    "$hostctl" status "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["runs"][0][sys.argv[1]])' "$2"
}

# wait_for ID STATE
wait_for()
{
    local state
    for _ in $(seq 1500); do
        state=$(field "$1" state)
        [ "$state" != "$2" ] || return 0
        case $state in
            starting|running) sleep 0.1 ;;
            *) break ;;
        esac
    done
    fail "$1 is \"$state\", not $2: $("$hostctl" status "$1")"
}

# Those that a failed test leaves would outlive it.
end_runs()
{
    local pid
    for pid in $("$hostctl" status --json | sed -n 's/.*"pid" : \([0-9]*\),/\1/p'); do
        ! grep -qz -- '-d$\|--detach$' "/proc/$pid/cmdline" 2>/dev/null || kill "$pid"
        for _ in $(seq 100); do
            [ -e "/proc/$pid" ] || break
            sleep 0.1
        done
    done
    clean_up
}
trap end_runs EXIT

"$hostctl" status | grep -q 'no detached runs' || fail 'there is a run already'

# A mistake is told before the terminal is left.
status=0
mv "$place/state/guest/vmlinuz" "$place/vmlinuz"
"$hostctl" run "$place/plan.json" -o "$place/none.db" --detach >"$place/out" 2>&1 || status=$?
mv "$place/vmlinuz" "$place/state/guest/vmlinuz"
[ "$status" = 1 ] || fail "a missing image: exit $status"
grep -q 'guest/vmlinuz is missing' "$place/out" || fail "a missing image: $(cat "$place/out")"
[ "$(field small-1 state)" = failed ] || fail 'the run that never began is not “failed”'

script -qec "'$hostctl' run '$place/plan.json' -o '$place/run.db' --keep-going --detach" /dev/null >"$place/out" </dev/null ||
    fail "run --detach: $(cat "$place/out")"
grep -q 'hostctl status small-2' "$place/out" || fail "it does not say how to look: $(cat "$place/out")"
pass 'the terminal has closed'
case $(field small-2 state) in
    running|starting) ;;
    *) fail "it did not outlive its terminal: $("$hostctl" status small-2)" ;;
esac
wait_for small-2 complete
[ "$(sqlite3 -readonly "$place/run.db" 'select state from run')" = complete ] || fail 'the dataset is not complete'
[ "$(field small-2 visits_done)" = 1 ] || fail 'the visit is not counted'
host_is_as_before 'a run that outlived its terminal'

id=$("$hostctl" run "$place/plan.json" -o "$place/stopped.db" --keep-going -d 2>"$place/err") || fail "run -d: $(cat "$place/err")"
[ "$id" = small-3 ] || fail "standard output is not the id alone: $id"
kill -TERM "$(field small-3 pid)"
wait_for small-3 interrupted
[ "$(sqlite3 -readonly "$place/stopped.db" 'select state from run')" = interrupted ] || fail 'the dataset does not say interrupted'
"$hostctl" status small-3 | grep -q 'stopped by signal' || fail "status does not say why: $("$hostctl" status small-3)"
host_is_as_before 'a detached run ended by SIGTERM'

"$hostctl" run "$place/plan.json" -o "$place/killed.db" --keep-going -d >"$place/out" 2>&1
kill -KILL "$(field small-4 pid)"
for _ in $(seq 50); do
    [ "$(field small-4 state)" != killed ] || break
    sleep 0.1
done
[ "$(field small-4 state)" = killed ] || fail 'a killed run is not called killed'
"$hostctl" recover >/dev/null
host_is_as_before 'a detached run killed, and recovered'
