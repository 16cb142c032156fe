/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two runs, level by level: what changed, and how sure that is. */
#pragma once

#include <glib.h>

#include "correlate/stats/difference.h"
#include "correlate/visits.h"

typedef struct {
    const char *number;    /* an estimator's name, delay_share or instructions_per_second */
    const char *condition; /* of the first run */
    double vp_percent;
    guint visits_a, visits_b;
    double mean_a, mean_b;
    Difference change; /* b - a, over visit means */
    double p_holm;
} ComparisonRow;

/* Every level (condition by name, V:P % by value) that both runs hold: ComparisonRow. */
GArray *compare_runs(const Visits *a, const Visits *b);
