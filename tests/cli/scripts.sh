#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The scripts' own command lines: help on standard output, a wrong word refused with exit 2.
# Usage: scripts.sh SOURCE-FOLDER
set -uo pipefail
cd "$1" || exit 1
status=0

# check NAME COMMAND...: one test.
check()
{
    local name=$1
    shift
    if "$@"; then
        echo "ok - $name"
    else
        echo "not ok - $name"
        status=1
    fi
}

helps() { [[ $("$1" --help 2>/dev/null </dev/null) == Usage:* ]]; }

refuses()
{
    local message code=0
    message=$("$1" --frobnicate 2>&1 >/dev/null </dev/null) || code=$?
    [ "$code" = 2 ] && [[ $message == *frobnicate* ]]
}

names_no_package_twice()
{
    [ -z "$(awk '$1 ~ /^(build|run|test|extra|package|bench)$/ { print $2 }' scripts/packages | sort | uniq -d)" ]
}

says_what_each_package_is_for()
{
    ! grep -vE '^(#.*|)$' scripts/packages | grep -vqE '^(build|run|test|extra|package|bench) +[a-z0-9.+-]+  +[^ ].+$'
}

knows_every_fuzz_target()
{
    [ "$(scripts/fuzz --list | sort)" = "$(find tests/fuzz -name 'fuzz_*.c' -printf '%f\n' | sed 's/^fuzz_//; s/\.c$//' | sort)" ]
}

# Those that start threads themselves; what else has them is in the list by hand.
watches_every_test_with_threads()
{
    local watched file missing=0
    watched=$(sed -n "/^threaded_tests = /,/]$/p" tests/meson.build)
    for file in $(grep -lE 'g_thread_new|pthread_create' tests/unit/test_*.c); do
        file=${file##*/test_}
        [[ $watched == *"'${file%.c}'"* ]] || { echo "tests/meson.build: ${file%.c} is not in threaded_tests"; missing=1; }
    done
    return $missing
}

for script in scripts/quickstart scripts/test scripts/install-packages scripts/faults scripts/fuzz scripts/check-tidy scripts/scale scripts/hardware-report appliance/build tests/images/make-debian-image; do
    check "$script --help answers on standard output" helps "$script"
    check "$script --frobnicate is refused as wrong usage" refuses "$script"
done
check 'scripts/packages names no package twice' names_no_package_twice
check 'scripts/packages says what each is for' says_what_each_package_is_for
check 'the stages and the list of fault points are those of the sources' scripts/faults --check-names
check 'scripts/fuzz knows every target' knows_every_fuzz_target
check 'ThreadSanitizer watches every unit test that starts threads' watches_every_test_with_threads
exit $status
