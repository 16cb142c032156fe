#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real guest of somebody else beside ours: refused by name, or recorded; never changed.
set -euo pipefail
. "$(dirname "$0")/host.sh"

[ "$(nproc)" -ge 2 ] || skip 'the plan wants two CPUs'
theirs_uri="qemu:///embed?root=$place/theirs"
mkdir -m 755 "$place/theirs" "$place/theirs/etc"
printf 'stdio_handler = "file"\nremember_owner = 0\n' >"$place/theirs/etc/qemu.conf"

stop_theirs()
{
    virsh -q -c "$theirs_uri" destroy theirs-1 2>/dev/null || true
    clean_up
}
trap stop_theirs EXIT

theirs()
{
    virsh -q -c "$theirs_uri" "$@"
}

# says WORD COMMAND...: it must fail with exit 1 and a message that has the word.
says()
{
    local word=$1 code=0
    shift
    "$@" >"$place/out" 2>"$place/err" </dev/null || code=$?
    [ $code = 1 ] || fail "“$*” gave exit $code: $(cat "$place/out" "$place/err")"
    grep -qF -- "$word" "$place/err" || fail "“$*” does not say “$word”: $(cat "$place/err")"
}

# It boots our kernel and burns its vCPU, and knows nothing of a probe.
mkdir -p "$place/busy/bin"
cp "$(command -v busybox)" "$place/busy/bin/busybox"
printf '#!/bin/busybox sh\nwhile :; do :; done\n' >"$place/busy/init"
chmod 755 "$place/busy/init"
(cd "$place/busy" && find . | cpio -o -H newc --quiet) >"$place/busy.cpio"
cat >"$place/theirs.xml" <<EOF
<domain type='qemu'><name>theirs-1</name><memory unit='MiB'>160</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type><kernel>$place/state/guest/vmlinuz</kernel>
<initrd>$place/busy.cpio</initrd><cmdline>quiet</cmdline></os><memballoon model='virtio'/></domain>
EOF
theirs create "$place/theirs.xml" >/dev/null || fail 'their guest does not start'
pid=$(pgrep -f 'guest=theirs-1,')
described=$(theirs dumpxml theirs-1)

small_plan "$place/plan.json"
says theirs-1 "$hostctl" run "$place/plan.json" -o "$place/run.db"
sed 's/"ksm": "on"/"ksm": "leave"/' "$place/plan.json" >"$place/still.json"
says theirs-1 "$hostctl" run "$place/still.json" -o "$place/run.db"
[ ! -e "$place/run.db" ] || fail 'a refused run wrote a dataset'
says theirs-1 "$hostctl" doctor --apply ksmtuned
if [ -e /sys/kernel/mm/ksm/run ]; then
    says theirs-1 "$hostctl" ksm set run=1
fi
host_is_as_before 'refused beside a guest of somebody else'

# Page sharing stays as it is here: what it had merged of an ended guest would be counted until the next scan.
"$hostctl" run "$place/still.json" -o "$place/run.db" --shared-host --keep-going 2>"$place/err" ||
    fail "the run beside their guest failed: $(tail -3 "$place/err")"
query()
{
    sqlite3 -readonly "$place/run.db" "$1"
}
[ "$(query 'select count(*) from visit where foreign_ns > 2e8')" = 2 ] ||
    fail "their CPU time is not in the visits: $(query 'select foreign_ns from visit')"
[ "$(query "select count(*) from (select visit_id, max(run_ns) - min(run_ns) used from task_sample
    where name = 'foreign' and visit_id is not null group by visit_id) where used > 2e8")" = 2 ] ||
    fail 'their CPU time is not in task_sample'
[ "$(query "select count(*) from note where text like 'guest theirs-1 (process $pid) is not of this run%'")" -ge 1 ] ||
    fail 'no note names their guest'
pass "their CPU time is in the dataset: $(query 'select group_concat(foreign_ns) from visit') ns"

"$correlate" validate "$place/run.db" --json >"$place/run.json" || [ $? = 3 ] || fail 'correlate validate failed'
python3 - "$place/run.json" <<'EOF'
import json, sys
answer = json.load(open(sys.argv[1]))
assert any(row['reason'] == 'foreign_guests' and row['windows'] > 0 for row in answer['excluded']), answer['excluded']
EOF
pass 'windows that their guest disturbed are no evidence'

[ "$(pgrep -f 'guest=theirs-1,')" = "$pid" ] || fail 'their guest is gone'
theirs domstate theirs-1 | grep -q running || fail 'their guest does not run any more'
[ "$(theirs dumpxml theirs-1)" = "$described" ] || fail 'their guest was changed'
theirs destroy theirs-1 >/dev/null 2>&1 || true
for _ in $(seq 50); do
    pgrep -f 'guest=theirs-1,' >/dev/null || break
    sleep 0.1
done
host_is_as_before 'a run beside a guest of somebody else'
