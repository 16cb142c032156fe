/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every estimator against every truth, per condition and over all of them. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "correlate/stats/shape.h"
#include "correlate/truth.h"
#include "correlate/visits.h"

/* NAN where not computed. */
typedef struct {
    const Estimator *estimator;
    const char *condition; /* "pooled": all; owned by the visits */
    int condition_index;   /* -1: pooled */
    Truth truth;
    bool primary;     /* the one hypothesis fixed beforehand */
    bool independent; /* false: estimator and truth come from one source */
    bool exploratory; /* fewer than three visits at some level */
    guint visits;
    guint64 windows;
    double spearman, spearman_within; /* with the truth's number, over windows; within visits */
    double pearson, pearson_within;
    double auc, auc_low, auc_high;
    bool above; /* the better direction: overcommitted when above the threshold */
    double threshold, sensitivity, specificity, false_alarm_ratio;
    double detection_delay_seconds; /* until the first alarm of an overcommitted visit, median */
    bool has_shape;                 /* truth vp alone: visit means against V:P % */
    ShapeVerdict shape;
    CurveKnee knee;         /* on the V:P axis; NAN without a threshold */
    CurveKnee knee_core;    /* the same on the axis of physical cores; NAN */
    double p_value, p_holm; /* of the visit means; p_holm NAN for the primary one */
} EvaluationRow;

#define EVALUATION_POOLED "pooled"
#define EVALUATION_MIN_REPEATS 3 /* fewer visits a level: exploratory */

/* EvaluationRow, estimator by estimator, controls left out (controls.h scores them); rows of
 * estimators that no window could compute are there, all NAN. */
GArray *evaluate(const Visits *visits);

/* One row of it, without Holm's correction; condition < 0: pooled. */
EvaluationRow evaluate_one(const Visits *visits, const Estimator *estimator, int condition,
                           Truth truth);

/* The row, or NULL. */
const EvaluationRow *evaluation_find(const GArray *rows, const char *estimator,
                                     const char *condition, Truth truth);

/* The row that answers: the primary one, else the same of the first condition that has numbers. */
const EvaluationRow *evaluation_primary(const GArray *rows);
