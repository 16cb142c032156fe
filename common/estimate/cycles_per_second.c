/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    return view->seconds > 0 ? view->count[GUEST_CYCLES] / view->seconds : __builtin_nan("");
}

const Estimator cycles_per_second = {
    .name = "cycles_per_second",
    .unit = "cycles per wall second",
    .meaning = "cycles per second of the guest's own wall clock",
    .needs = NEEDS(CYCLES),
    .value = value,
};
