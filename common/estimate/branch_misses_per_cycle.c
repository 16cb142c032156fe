/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

/* Can fall under contention: cache penalties inflate the cycles that misses are divided by. */
static double
value(const GuestView *view)
{
    return estimator_ratio(view, GUEST_BRANCH_MISSES, GUEST_CYCLES, 1e4);
}

const Estimator branch_misses_per_cycle = {
    .name = "branch_misses_per_cycle",
    .unit = "branch misses per 10 000 cycles",
    .meaning = "branch misses per cycle, the indicator of the reference experiment",
    .needs = NEEDS(BRANCH_MISSES) | NEEDS(CYCLES),
    .value = value,
};
