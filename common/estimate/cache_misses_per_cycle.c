/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    return estimator_ratio(view, GUEST_CACHE_MISSES, GUEST_CYCLES, 1e4);
}

const Estimator cache_misses_per_cycle = {
    .name = "cache_misses_per_cycle",
    .unit = "cache misses per 10 000 cycles",
    .meaning = "cache misses per cycle, the second indicator of the reference experiment",
    .needs = NEEDS(CACHE_MISSES) | NEEDS(CYCLES),
    .value = value,
};
