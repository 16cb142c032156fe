/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The arithmetic below the counter budget: how many counters a set of events needs, and words. */
#pragma once

#include "common/pmu/budget.h"

/* The bit of `name` (a modifier behind it ignored), 0 when it is not among the events. */
uint32_t budget_event_bit(const char *const *events, const char *name);

/* Fills in general and fixed; false when the phase needs more than there is. */
bool budget_phase_fits(const BudgetRequest *request, BudgetPhase *phase);

/* What no layout can mend: see budget_plan(). */
bool budget_request_check(const BudgetRequest *request, GError **error);

/* Writes the layout's reason. */
void budget_explain(const BudgetRequest *request, BudgetLayout *layout);
