/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan must hold beyond the right keys and types. */
#pragma once

#include "hostctl/run/plan.h"

/* False at the first contradiction, with its JSON path and what would be right. */
bool plan_check(const Plan *plan, GError **error);

/* Whether the emulated counters have all of its events: also asked when "auto" came to them. */
bool plan_check_emulated(const Plan *plan, GError **error);
