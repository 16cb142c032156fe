/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan comes to on this host, for people: `hostctl run --dry-run`. Touches nothing. */
#pragma once

#include <stdio.h>

#include "hostctl/run/rig.h"

void dry_run_print(const Plan *plan, const Rig *rig, FILE *out);
