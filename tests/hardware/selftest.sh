#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# hostctl selftest on a node that can run guests by KVM and has a PMU: the counters are the CPU's, and pass.
set -euo pipefail
. "$(dirname "$0")/../integration/host.sh"

{ grep -qwE 'vmx|svm' /proc/cpuinfo && [ -w /dev/kvm ]; } || skip 'no usable KVM (needs vmx or svm in /proc/cpuinfo and /dev/kvm)'
[ -d /sys/bus/event_source/devices/cpu ] || skip 'the kernel offers no hardware counters here'

"$hostctl" -c qemu:///embed selftest --json >"$place/answer.json" || fail "exit $?: $(cat "$place/answer.json")"
python3 - "$place/answer.json" <<'PYTHON'
import json
import sys

answer = json.load(open(sys.argv[1]))
assert answer['counters'] == 'hardware' and answer['pass'], answer
for row in answer['events']:
    assert row['verdict'] in ('ok', 'mediated'), row
PYTHON
host_is_as_before 'after a self-test on hardware'
