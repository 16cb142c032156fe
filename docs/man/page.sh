#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# page.sh LOWDOWN VERSION NAME FILE: a manual page of section 1 on standard output.
set -eu
sed -e 1,2d -e 's/^## /# /' -e 's/^### /## /' "$4" |
    "$1" -s -t man --out-no-smarty -M title="$3" -M section=1 -M source="insideout $2" -M date= |
    sed -e '/^[.]/!s/\\\{0,1\}-/\\-/g'
