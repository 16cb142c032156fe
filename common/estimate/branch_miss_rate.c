/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    return estimator_ratio(view, GUEST_BRANCH_MISSES, GUEST_BRANCHES, 1);
}

const Estimator branch_miss_rate = {
    .name = "branch_miss_rate",
    .unit = "branch misses per branch",
    .meaning = "share of branches that were mispredicted",
    .needs = NEEDS(BRANCH_MISSES) | NEEDS(BRANCHES),
    .value = value,
};
