/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How sure an AUC is when visits differ among themselves. Visits, with all their windows, are drawn
 * anew within their level (condition and load); windows are not drawn apart, since what they
 * scatter is in the visits' differences already.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One window: `level` is the stratum of its visit; windows of a visit stand side by side. */
typedef struct {
    double value;
    int label; /* 0 or 1 */
    size_t visit, level;
} AucWindow;

typedef struct {
    double auc, low, high; /* 95 %; low and high NAN when a level has a single visit */
} AucInterval;

/*
 * Φ(Φ⁻¹(AUC) ± t s): s is the standard deviation of Φ⁻¹(AUC) over `resamples` draws (fixed seed),
 * enlarged by sqrt(V / (V - L)) for V visits in L levels (r of r visits drawn lose 1/r of their
 * variance), t is Student's with V - L degrees of freedom. Where the classes do not overlap at all
 * the draws tell nothing: then Newcombe's (2006, method 5) interval for as many values as there are
 * visits. False when a class is empty.
 */
bool auc_interval(const AucWindow *windows, size_t n, size_t resamples, AucInterval *ret_interval);
