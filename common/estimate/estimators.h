/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each estimator is defined in the file of its name. */
#pragma once

#include "common/estimate/estimator.h"

extern const Estimator branch_misses_per_cycle;
extern const Estimator cache_misses_per_cycle;
extern const Estimator branch_miss_rate;
extern const Estimator cpi;
extern const Estimator branch_mpki;
extern const Estimator cache_mpki;
extern const Estimator cycles_per_second;
extern const Estimator steal_share;
extern const Estimator canary_miss_rate;

/* `scale` * numerator / denominator; NAN when the denominator is not positive. */
static inline double
estimator_ratio(const GuestView *view, GuestField numerator, GuestField denominator, double scale)
{
    return view->count[denominator] > 0 ? scale * view->count[numerator] / view->count[denominator]
                                        : __builtin_nan("");
}
