/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counter layout of a run on hardware: what the planner of common/pmu makes of the plan. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "common/dataset/writer.h"
#include "common/pmu/budget.h"
#include "hostctl/run/plan.h"

/* What the layout has to hold. */
typedef struct {
    const char *const *events;
    bool mediated;     /* the kernel refuses guest mode to the host */
    bool guest_yields; /* the guest's counting can be switched off and on inside a visit */
    unsigned windows;  /* of a visit */
} CounterNeed;

/*
 * A guest that counts its CPUs can leave them to the host for some windows. Counters of its load
 * alone cannot be parted so: they are inherited by whatever the load starts, and begin with it.
 */
CounterNeed counter_need_of(const Plan *plan, bool mediated);

/*
 * Where not even a pair of the host's events has room beside the guest's, both alternate; a guest
 * that does not yield counts on, and the host does not count. Turns are made so short that a visit
 * holds each, but no shorter than two windows. Software events take no counter: they stand in the
 * first group of each mode, and with whatever the guest counts. Error: what the guest itself cannot
 * count; names the events.
 */
bool counter_layout_plan(const CounterNeed *need, const Sysroot *root, BudgetLayout *ret_layout,
                         GError **error);

/* Whether the guest has to count by turns. */
bool counter_layout_guest_takes_turns(const BudgetLayout *layout);

/*
 * In so many of `windows` windows both sides count at least one event alike, as far as the layout
 * says. Where the guest takes turns, of each turn one less: its turns do not change at the same
 * moment as the host's.
 */
unsigned counter_layout_compared(const BudgetLayout *layout, unsigned windows);

/* The layout's phases as rows of the dataset, where it has more than one; a transaction. */
bool counter_layout_write(DatasetWriter *writer, const BudgetLayout *layout,
                          const CounterNeed *need, GError **error);

/* Several lines, the reason first, without a final line end. Free with g_free(). */
char *counter_layout_text(const BudgetLayout *layout, const CounterNeed *need);
