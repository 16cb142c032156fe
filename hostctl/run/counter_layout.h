/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counter layout of a run on hardware: what the planner of common/pmu makes of the plan. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "common/pmu/budget.h"

/*
 * The guest's own counting is never interrupted in a run: where not even a pair of the host's
 * events has room beside it, the host does not count. `mediated`: guest mode is refused. Software
 * events take no counter: they stand in the first group of each mode. Error: what the guest itself
 * cannot count; names the events.
 */
bool counter_layout_plan(const char *const *events, const Sysroot *root, bool mediated,
                         BudgetLayout *ret_layout, GError **error);

/* Several lines, the reason first, without a final line end. Free with g_free(). */
char *counter_layout_text(const BudgetLayout *layout, const char *const *events);
