/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan must hold beyond the right keys and types. */
#pragma once

#include "hostctl/run/plan.h"

/* False at the first contradiction, with its JSON path and what would be right. */
bool plan_check(const Plan *plan, GError **error);
