/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The windows that one evaluation looks at, as columns: one estimator, one truth, some conditions.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "correlate/truth.h"
#include "correlate/visits.h"

typedef struct {
    size_t n;       /* windows with a value and a truth's number */
    double *value;  /* of the estimator */
    double *number; /* of the truth: vp_percent, delay share, slowdown */
    int *label;     /* 1, 0; -1: no label */
    size_t *visit;  /* index into Visits.visits */
    size_t *level;  /* the visit's condition and load, as a number */
    guint visits;   /* that have such windows */
} Evidence;

/* condition < 0: all of them. */
Evidence *evidence_collect(const Visits *visits, size_t estimator, int condition, Truth truth);
void evidence_free(Evidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Evidence, evidence_free)

/* The labelled windows alone (boundary left out), in the same order. */
Evidence *evidence_labelled(const Evidence *evidence);
