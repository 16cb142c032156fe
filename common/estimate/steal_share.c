/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimators.h"

static double
value(const GuestView *view)
{
    double wanted = view->count[GUEST_STEAL_NS] + view->count[GUEST_BUSY_NS];

    return wanted > 0 ? view->count[GUEST_STEAL_NS] / wanted : __builtin_nan("");
}

const Estimator steal_share = {
    .name = "steal_share",
    .unit = "stolen share of the wanted time",
    .meaning = "time taken from the guest over time it wanted (/proc/stat): the same source as the "
               "host's run delay",
    .needs = NEEDS(STEAL_NS) | NEEDS(BUSY_NS),
    .steal_based = true,
    .value = value,
};
