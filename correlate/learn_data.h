/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datasets that are fit to learn from, and their windows by what may be held out. */
#pragma once

#include "common/judge/threshold.h"
#include "correlate/analysis.h"
#include "correlate/learn.h"

typedef struct {
    Analysis *analysis;
    ThresholdKey key;
    char *host; /* which machine */
    bool used;  /* by an earlier group */
} LearnSet;

/* LearnSet *; NULL names the first that is refused. */
GPtrArray *learn_sets_load(char **paths, const LearnOptions *options, GError **error);

/* True when two datasets belong to one entry. */
bool learn_sets_together(const LearnSet *a, const LearnSet *b, HoldOut hold_out);

/* Windows of a group of datasets: columns as in Evidence, visits and levels numbered over all. */
typedef struct {
    size_t n;
    double *value;
    int *label;
    size_t *visit, *level, *fold; /* fold: what is held out together */
    size_t folds;
} LearnWindows;

LearnWindows *learn_windows_new(const GPtrArray *group, size_t estimator, Truth truth,
                                HoldOut hold_out);
void learn_windows_free(LearnWindows *windows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LearnWindows, learn_windows_free)
