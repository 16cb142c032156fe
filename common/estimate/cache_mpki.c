/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    return estimator_ratio(view, GUEST_CACHE_MISSES, GUEST_INSTRUCTIONS, 1e3);
}

const Estimator cache_mpki = {
    .name = "cache_mpki",
    .unit = "cache misses per 1 000 instructions",
    .meaning = "cache misses per 1 000 instructions",
    .needs = NEEDS(CACHE_MISSES) | NEEDS(INSTRUCTIONS),
    .value = value,
};
