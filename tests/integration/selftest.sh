#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The self-test with a real guest: selftest.sh URI. It passes; it fails and names the event of which the
# guest's reader loses some; and it leaves no guest, whatever ends it.
set -euo pipefail
. "$(dirname "$0")/host.sh"

uri=${1:?libvirt URI}
answer=$place/answer.json
# The probe of this build: an older one knows neither the loop nor the fault point.
"$(dirname "$0")/../../appliance/build" -o "$place/state/guest" --guestprobe "$BUILD/guestprobe/guestprobe" >/dev/null ||
    skip 'the guest image of this build cannot be made'

look()
{
    python3 - "$answer" "$@" <<'PYTHON'
import json
import sys

answer = json.load(open(sys.argv[1]))
lost = sys.argv[2]
events = {row['event']: row for row in answer['events']}
assert answer['format'] == 1 and answer['counters'] == 'emulated', answer
assert list(events) == ['cycles', 'instructions', 'branches', 'branch-misses', 'cache-misses'], events
assert answer['clock']['agree'], answer['clock']
assert answer['pass'] is (lost == 'none'), answer
for event, row in events.items():
    if event == lost:
        assert row['verdict'] == 'disagrees' and event in row['reason'], row
        assert abs(row['agreement_ratio'] - 0.95) < 0.02, row
        continue
    assert row['verdict'] == 'ok' and row['reason'] is None, row
    assert 0.97 <= row['agreement_ratio'] <= 1.01, row
PYTHON
}

"$hostctl" -c "$uri" selftest --json >"$answer" || fail "the self-test does not pass (exit $?): $(cat "$answer")"
look none || fail "wrong answer: $(cat "$answer")"
host_is_as_before 'after a self-test that passed'

code=0
INSIDEOUT_FAULT=guest.lose_event:number:3 "$hostctl" -c "$uri" selftest --json >"$answer" 2>"$place/message" || code=$?
[ "$code" = 3 ] || fail "with a lossy reader the exit code is $code: $(cat "$place/message" "$answer")"
look branch-misses || fail "wrong answer: $(cat "$answer")"
grep -q '^hostctl selftest: .*branch-misses (disagrees)$' "$place/message" || fail "the message is $(cat "$place/message")"
pass 'five percent lost of one event are found, and the event is named'
host_is_as_before 'after a self-test that failed'

# A signal once the guest is there: it is ended, and nothing stays in the journal.
"$hostctl" -c "$uri" selftest >"$place/text" 2>&1 &
victim=$!
for _ in $(seq 200); do
    pgrep -f 'guest=selftest-' >/dev/null && break
    sleep 0.1
done
pgrep -f 'guest=selftest-' >/dev/null || fail "no guest was started: $(cat "$place/text")"
kill -TERM "$victim"
code=0
wait "$victim" || code=$?
[ "$code" = 1 ] || fail "after SIGTERM the exit code is $code: $(cat "$place/text")"
pgrep -f 'guest=selftest-' >/dev/null && fail 'the guest of an ended self-test still runs'
host_is_as_before 'after a self-test that a signal ended'
