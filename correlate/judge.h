/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Windows judged by a learned threshold: of a dataset, or of a file that perf stat printed. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "correlate/threshold.h"

typedef enum { VERDICT_OVERCOMMITTED, VERDICT_FINE, VERDICT_UNKNOWN } JudgeVerdict;
const char *judge_verdict_name(JudgeVerdict verdict); /* "overcommitted", "ok", "unknown" */

typedef struct {
    double t_seconds; /* of the window's start, since the first one's file or run began */
    double value;     /* NAN: the window has none */
    JudgeVerdict verdict;
} JudgedWindow;

typedef struct {
    const Threshold *threshold; /* NULL: none fits the counters that are there */
    ThresholdMatch match;
    GArray *windows;            /* JudgedWindow */
    guint known, overcommitted; /* windows with a verdict */
} Judgement;

Judgement *judge_dataset(const char *path, const GArray *thresholds, const char *estimator,
                         GError **error);

/* `here`: what is known of the guest that the file comes from. */
Judgement *judge_perf_file(const char *path, const GArray *thresholds, const ThresholdKey *here,
                           const char *estimator, GError **error);

void judgement_free(Judgement *judgement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judgement, judgement_free)

/* True when at least half of the windows with a verdict are overcommitted. */
bool judgement_is_overcommitted(const Judgement *judgement);

/* One window: unknown without a value or a match. */
JudgeVerdict judge_value(const Threshold *threshold, ThresholdMatch match, double value);
