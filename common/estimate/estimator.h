/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number per window, computed from the guest's view alone, that might tell overcommit. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/estimate/guest_view.h"

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
/* The same as a yes or no, with an error of wrong usage that names what there is. */
bool estimator_known(const char *name, GError **error);
size_t estimator_index(const Estimator *estimator);

/* The value in a window, NAN where something that it needs is missing. */
double estimator_value(const Estimator *estimator, const GuestView *view);

/* Those that have a value in this window, a bit 1 << estimator_index() each. */
unsigned estimators_able(const GuestView *view);

/* The first thing that is missing for it: a guest_sample column; NULL when all is there. */
const char *estimator_missing(const Estimator *estimator, const GuestView *view);
