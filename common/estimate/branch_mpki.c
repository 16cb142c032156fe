/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    return estimator_ratio(view, GUEST_BRANCH_MISSES, GUEST_INSTRUCTIONS, 1e3);
}

const Estimator branch_mpki = {
    .name = "branch_mpki",
    .unit = "branch misses per 1 000 instructions",
    .meaning = "branch misses per 1 000 instructions",
    .needs = NEEDS(BRANCH_MISSES) | NEEDS(INSTRUCTIONS),
    .value = value,
};
