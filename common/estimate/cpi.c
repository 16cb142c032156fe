/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    return estimator_ratio(view, GUEST_CYCLES, GUEST_INSTRUCTIONS, 1);
}

const Estimator cpi = {
    .name = "cpi",
    .unit = "cycles per instruction",
    .meaning = "cycles per instruction",
    .needs = NEEDS(CYCLES) | NEEDS(INSTRUCTIONS),
    .value = value,
};
