/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How sure an AUC is when visits differ among themselves: visits are resampled within their level
 * first, blocks of windows within the visits drawn second.
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
 * Deviations of logit AUC in `resamples` draws (fixed seed), enlarged by sqrt(r / (r - 1)) where r
 * is the mean number of visits a level: drawing r of r visits loses that much of their variance.
 * False when a class is empty.
 */
bool auc_interval(const AucWindow *windows, size_t n, size_t resamples, AucInterval *ret_interval);
