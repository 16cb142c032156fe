#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real Prometheus scrapes a real exporter of real guests: the shipped alert names the neighbour when overcommit
# begins, and clears when it ends. Only the rules' times are shortened.
set -euo pipefail
. "$(dirname "$0")/host.sh"

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/prometheus
command -v prometheus >/dev/null || skip 'prometheus is not installed'
[ "$(nproc)" -ge 2 ] || skip 'two CPUs are needed'
load='stress -c 1 -m 1 --vm-bytes 4M -i 4'
exporter_port=$("$here/ask.py" free)
prometheus_port=$("$here/ask.py" free)
pids=()

finish()
{
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
    "$hostctl" -c qemu:///embed guest destroy --all >/dev/null 2>&1 || true
    wait "${pids[@]}" 2>/dev/null || true
    clean_up
}
trap finish EXIT

provision()
{
    "$hostctl" -c qemu:///embed guest provision "$1" --cpus "$2" --memory 160 --load "$load" >/dev/null 2>"$place/err" ||
        fail "provision $*: $(cat "$place/err")"
}

# becomes some|none EXPR: within a minute
becomes()
{
    "$here/ask.py" "$prometheus_port" "$1" "$2" 60 && return
    "$here/ask.py" "$prometheus_port" show 'insideout:domain_wait_behind_ratio:rate5m > 0.01' >&2 || true
    "$here/ask.py" "$prometheus_port" show ALERTS >&2 || true
    fail "not $1 of: $2 $(tail -n 3 "$place/exporter.err" "$place/prometheus.err")"
}

sed -e 's/\[5m\]/[15s]/g' -e 's/for: [0-9]*m$/for: 2s/' "$root/contrib/insideout.rules.yml" >"$place/rules.yml"
grep -q '\[5m\]\|for: [0-9]*m' "$place/rules.yml" && fail 'the rules have a time that was not shortened'
promtool check rules "$place/rules.yml" >/dev/null || fail 'the shortened rules are no rules'
cat >"$place/prometheus.yml" <<EOT
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
scrape_configs:
- job_name: insideout
  static_configs: [{targets: ['127.0.0.1:$exporter_port']}]
EOT

provision al-a 1
provision al-b 0
"$hostctl" exporter --listen "127.0.0.1:$exporter_port" --interval 1 --no-ring 2>"$place/exporter.err" &
pids+=($!)
prometheus --config.file="$place/prometheus.yml" --storage.tsdb.path="$place/data" \
    --web.listen-address="127.0.0.1:$prometheus_port" 2>"$place/prometheus.err" &
pids+=($!)

becomes some 'insideout_domains >= 2 and on (instance) insideout_source_available{source="blame"} == 1'
python3 - "$exporter_port" "$place/scrape" <<'EOT'
import sys, urllib.request
with urllib.request.urlopen(f'http://127.0.0.1:{sys.argv[1]}/metrics', timeout=10) as answer:
    open(sys.argv[2], 'wb').write(answer.read())
EOT
promtool check metrics <"$place/scrape" >"$place/lint" 2>&1 || fail "promtool check metrics: $(cat "$place/lint")"
"$here/shipped.py" "$root" --scrape "$place/scrape" || fail 'the scrape is not what rules and dashboard want'
pass 'promtool finds nothing in the scrape, and it has all that rules and dashboard ask for'

alert='ALERTS{alertname="NoisyNeighbour", domain="al-a", culprit="al-b"}'
becomes some 'insideout:domain_demand:rate5m{domain="al-a"} > 0.3 and on (domain) insideout:domain_delay_ratio:rate5m'
becomes none "$alert"
pass 'guests on CPUs of their own: no alert about them'

"$hostctl" -c qemu:///embed guest destroy al-b >/dev/null
provision al-b 1
becomes some "${alert/\}/, alertstate=\"firing\"\}}"
"$here/ask.py" "$prometheus_port" show "$alert"
"$here/ask.py" "$prometheus_port" show 'insideout:domain_wait_behind_ratio:rate5m{domain="al-a", culprit="al-b"}'
becomes some 'ALERTS{alertname="GuestContended", domain="al-a", alertstate="firing"}'
pass 'overcommit began: the alert fires and names the neighbour'

"$hostctl" -c qemu:///embed guest destroy al-b >/dev/null
becomes none "$alert"
pass 'overcommit ended: the alert is gone'
