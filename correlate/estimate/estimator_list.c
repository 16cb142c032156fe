/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "correlate/estimate/estimators.h"

const char *const guest_field_columns[GUEST_FIELDS] = {
    [GUEST_CYCLES] = "cycles",
    [GUEST_INSTRUCTIONS] = "instructions",
    [GUEST_BRANCHES] = "branches",
    [GUEST_BRANCH_MISSES] = "branch_misses",
    [GUEST_CACHE_MISSES] = "cache_misses",
    [GUEST_STEAL_NS] = "steal_ns",
    [GUEST_BUSY_NS] = "busy_ns",
    [GUEST_CANARY_BRANCHES] = "canary_branches",
    [GUEST_CANARY_MISSES] = "canary_misses",
};

const Estimator *const estimator_list[ESTIMATOR_COUNT] = {
    &branch_misses_per_cycle,
    &cache_misses_per_cycle,
    &branch_miss_rate,
    &cpi,
    &branch_mpki,
    &cache_mpki,
    &cycles_per_second,
    &steal_share,
    &canary_miss_rate,
};

const Estimator *
estimator_find(const char *name)
{
    for (size_t i = 0; i < ESTIMATOR_COUNT; i++)
        if (strcmp(estimator_list[i]->name, name) == 0)
            return estimator_list[i];
    return NULL;
}

size_t
estimator_index(const Estimator *estimator)
{
    size_t i = 0;

    while (i < ESTIMATOR_COUNT && estimator_list[i] != estimator)
        i++;
    return i;
}

const char *
estimator_missing(const Estimator *estimator, const GuestView *view)
{
    for (int i = 0; i < GUEST_FIELDS; i++)
        if ((estimator->needs & 1u << i) && !isfinite(view->count[i]))
            return guest_field_columns[i];
    return NULL;
}

double
estimator_value(const Estimator *estimator, const GuestView *view)
{
    double value;

    if (estimator_missing(estimator, view))
        return NAN;
    value = estimator->value(view);
    return isfinite(value) ? value : NAN;
}
