/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The isolation table of the literature: how much slower a victim's work of one kind goes while
 * culprits beside it do work of another, against the same work among idle guests (Matthews et al.,
 * Quantifying the performance isolation properties of virtualization systems, ExpCS 2007).
 */
#pragma once

#include <glib.h>

#include "common/dataset/reader.h"

/* One kind of victim beside one kind of culprit at one load. Texts are the reader's. */
typedef struct {
    const char *condition, *victim_load, *culprit_load;
    double vp_percent, load_percent;
    guint visits, baseline_visits;
    double units_per_second, baseline_units_per_second; /* geometric means over visits */
    /* Baseline over now: 2 is half as fast. The interval is of 95 %: Welch's, over the logarithms
     * of visits' rates; NAN with fewer than two visits on a side. */
    double slowdown_ratio, slowdown_low, slowdown_high;
} IsolationRow;

/*
 * A row for each condition and load with bulk guests that ran, in the order of the run. The
 * baseline: visits without bulk load whose condition has the same victim, page sharing and balloon.
 * Empty where no load told its work. Unref with g_array_unref().
 */
GArray *isolation_rows(const DatasetFacts *facts);
