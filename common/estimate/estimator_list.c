/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/near_name.h"
#include "common/estimate/estimators.h"

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

bool
estimator_known(const char *name, GError **error)
{
    const char *names[ESTIMATOR_COUNT + 1] = { NULL };
    g_autofree char *list = NULL;
    const char *near;

    if (estimator_find(name))
        return true;
    for (size_t i = 0; i < ESTIMATOR_COUNT; i++)
        names[i] = estimator_list[i]->name;
    near = near_name(name, names);
    if (near)
        return failure_set(error, FAILURE_USAGE, "“%s” is no estimator; did you mean “%s”?", name,
                           near);
    list = g_strjoinv(", ", (char **) names);
    return failure_set(error, FAILURE_USAGE, "“%s” is no estimator; there are %s", name, list);
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

unsigned
estimators_able(const GuestView *view)
{
    unsigned able = 0;

    for (size_t i = 0; i < ESTIMATOR_COUNT; i++)
        if (isfinite(estimator_value(estimator_list[i], view)))
            able |= 1u << i;
    return able;
}
