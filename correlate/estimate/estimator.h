/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number per window, computed from the guest's view alone, that might tell overcommit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "correlate/estimate/guest_view.h"

typedef struct {
    const char *name;
    const char *unit;    /* for people: "branch misses per 10 000 cycles" */
    const char *meaning; /* one clause for reports */
    unsigned needs;      /* bits 1 << GuestField that must be known */
    bool steal_based;    /* shares its source with the host's run delay */
    double (*value)(
        const GuestView *view); /* `needs` are there; NAN when this window cannot tell */
} Estimator;

#define NEEDS(field) (1u << GUEST_##field)
#define ESTIMATOR_COUNT 9

/* All of them, in the order of reports. */
extern const Estimator *const estimator_list[ESTIMATOR_COUNT];

/* NULL when there is none of this name. */
const Estimator *estimator_find(const char *name);
size_t estimator_index(const Estimator *estimator);

/* The value in a window, NAN where something that it needs is missing. */
double estimator_value(const Estimator *estimator, const GuestView *view);

/* The first thing that is missing for it: a guest_sample column; NULL when all is there. */
const char *estimator_missing(const Estimator *estimator, const GuestView *view);
