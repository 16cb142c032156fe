# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# One step of a longer script: its text is shown, its output goes to a log, and the log's end is
# shown when it fails. Sourced; the caller sets log_dir.

: "${log_dir:?set it before sourcing scripts/step.sh}"
step_number=0

# step TEXT COMMAND [ARGUMENT...]: the command's exit code.
step()
{
    local text=$1 log start=$SECONDS status=0
    shift
    step_number=$((step_number + 1))
    mkdir -p "$log_dir"
    log=$log_dir/$(printf '%02d' "$step_number").log
    printf '== %s ... ' "$text"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    if [ "$status" -eq 0 ]; then
        echo "done ($((SECONDS - start)) s)"
    else
        echo "failed with exit code $status"
        tail -n 30 "$log" | sed 's/^/   | /'
        echo "   the whole output: $log"
    fi
    return "$status"
}

# install_packages GROUP...: a step that names what it will install, or says that nothing is missing.
install_packages()
{
    local plan
    plan=$(scripts/install-packages --dry-run "$@") || return
    if [ "$plan" = 'nothing to install' ]; then
        echo "== packages: $plan"
    else
        echo "== packages $plan"
        step 'installing them' scripts/install-packages "$@"
    fi
}

# build_in DIR TARGET [MESON-OPTION...]: sets the build folder up once and builds the target.
build_in()
{
    local dir=$1 target=$2
    shift 2
    if [ ! -e "$dir/build.ninja" ]; then
        meson setup "$dir" "$@" || return
    fi
    ninja -C "$dir" "$target"
}
