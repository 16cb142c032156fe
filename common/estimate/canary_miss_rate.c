/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    return estimator_ratio(view, GUEST_CANARY_MISSES, GUEST_CANARY_BRANCHES, 1);
}

const Estimator canary_miss_rate = {
    .name = "canary_miss_rate",
    .unit = "canary misses per canary branch",
    .meaning = "mispredicted share of the probe's own fixed branch kernel",
    .needs = NEEDS(CANARY_MISSES) | NEEDS(CANARY_BRANCHES),
    .value = value,
};
