/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do guest and host count the same? One row per guest, vCPU and event. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "correlate/align/visit_walk.h"

#define FIDELITY_WORST 5
#define FIDELITY_TOLERANCE 0.02 /* of a median ratio from 1 */

/* What both sides counted in one window. */
typedef struct {
    double host, guest;
} FidelityPair;

typedef struct {
    double ratio;
    int64_t visit_id;
    double t_seconds;
} FidelityWorst;

/* NAN where not computed. */
typedef struct {
    char *guest, *event;
    int64_t vcpu;
    bool independent;              /* true only where the two counts come from different sources */
    guint64 windows;               /* in which both sides counted */
    double median_ratio;           /* guest / host */
    double slope, intercept_share; /* Theil-Sen; intercept over the mean host count */
    double bias_percent;           /* Bland-Altman: mean of (guest - host) / mean of both */
    double loa_low_percent, loa_high_percent; /* bias ± 1.96 standard deviations */
    guint64 verdicts[VERDICTS];
    FidelityWorst worst[FIDELITY_WORST]; /* furthest from 1 first; ratio NAN: none */
    GArray *pairs;                       /* FidelityPair: at most 300, spread over the run */
    const char *cause;                   /* the known cause of what is wrong; NULL: nothing is */
} FidelityRow;

typedef struct Fidelity Fidelity;

Fidelity *fidelity_new(const DatasetFacts *facts);
void fidelity_free(Fidelity *fidelity);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Fidelity, fidelity_free)

void fidelity_add(Fidelity *fidelity, const WalkTarget *target, const Window *window);

/* FidelityRow in the order of guests, vCPUs and events. Free with g_array_unref(). */
GArray *fidelity_rows(Fidelity *fidelity);
