#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Who may include what. Our includes are written from the repository's root, so the beginning of
# an include path is its layer; a foreign header that needs a library has its place too.
set -euo pipefail
cd "${1:-$(dirname "$0")/..}"

# layer: the layers and the foreign headers it may include. The longest matching layer counts.
rules='
common/base      common/base/
common/pmu       common/base/ common/pmu/ emupmu/page.h perfmon/
common/wire      common/base/ common/wire/
common/json      common/base/ common/json/ json-glib/
common/estimate  common/base/ common/estimate/
common/judge     common/base/ common/estimate/ common/judge/ jansson.h
common/dataset   common/base/ common/json/ common/dataset/ json-glib/ sqlite3.h
emupmu           emupmu/ qemu-plugin.h
guestprobe       common/base/ common/pmu/ common/wire/ common/estimate/ common/judge/ guestprobe/ perfmon/
hostctl          common/ hostctl/ json-glib/ curses.h ncurses.h microhttpd.h
hostctl/virt     common/ hostctl/ libvirt/ libxml/
hostctl/blame    common/ hostctl/ bpf/
hostctl/exits    common/ hostctl/ bpf/
correlate        common/base/ common/json/ common/dataset/ common/estimate/ common/judge/ correlate/ json-glib/
correlate/stats  common/base/ correlate/stats/ gsl/
'
# Foreign headers that are free only where a rule names them; all others are free everywhere.
guarded='perfmon/ libvirt/ libxml/ gsl/ json-glib/ jansson.h sqlite3.h bpf/ curses.h ncurses.h microhttpd.h qemu-plugin.h'
# Generated files, which lie in no layer.
generated='vmlinux.h .skel.h'

folders=()
for folder in common emupmu guestprobe hostctl correlate; do
    [ -d "$folder" ] && folders+=("$folder")
done

bad=$(grep -rnE '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]' --include='*.[ch]' "${folders[@]}" |
    awk -v rules="$rules" -v guarded="$guarded" -v generated="$generated" '
        BEGIN {
            n_rules = split(rules, line, "\n")
            n_guarded = split(guarded, guard, " ")
            n_generated = split(generated, made, " ")
        }
        function layer(path,   i, word, best) {
            for (i = 1; i <= n_rules; i++) {
                split(line[i], word, " ")
                if (word[1] != "" && index(path, word[1] "/") == 1 && length(word[1]) > length(best))
                    best = word[1]
            }
            return best
        }
        function allowed(from, to,   i, j, m, word) {
            for (i = 1; i <= n_rules; i++) {
                m = split(line[i], word, " ")
                if (word[1] != from) continue
                for (j = 2; j <= m; j++)
                    if (index(to, word[j]) == 1) return 1
            }
            return 0
        }
        function is_guarded(to,   i) {
            for (i = 1; i <= n_guarded; i++)
                if (index(to, guard[i]) == 1) return 1
            return 0
        }
        function is_generated(to,   i) {
            for (i = 1; i <= n_generated; i++)
                if (length(to) >= length(made[i]) && substr(to, length(to) - length(made[i]) + 1) == made[i]) return 1
            return 0
        }
        {
            place = $0; sub(/:[ \t]*#.*/, "", place)
            file = place; sub(/:.*/, "", file)
            to = $0; sub(/^[^<"]*[<"]/, "", to); sub(/[>"].*/, "", to)
            ours = index($0, "\"") > 0 && index($0, "<") == 0
            if (ours && is_generated(to)) next
            if (ours && layer(to) == "") print place ": write " to " from the repository root (\"folder/file.h\")"
            else if ((ours || is_guarded(to)) && !allowed(layer(file), to)) print place ": must not include " to
        }')

[ -z "$bad" ] || { echo "$bad"; echo 'The table of directions is at the top of scripts/check-layers.sh.'; exit 1; }
echo 'every include keeps its direction'
