/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How well one number tells two classes apart. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * The area under the ROC curve, as the Mann-Whitney statistic: the chance that a value of class 1
 * is above one of class 0, ties half. `labels` are 0 and 1. NAN when a class is empty. Below 0.5
 * the number falls where the class is 1.
 */
double auc_of(const double *values, const int *labels, size_t n);

/* A cut: class 1 is said when the value is above (or below) the threshold. */
typedef struct {
    bool above;
    double threshold; /* midway between two neighbouring values */
    double sensitivity, specificity, false_alarm_ratio;
} RocCut;

/* The cut with the largest Youden's J = sensitivity + specificity - 1; of equals the most specific.
 */
bool roc_best_cut(const double *values, const int *labels, size_t n, bool above, RocCut *ret_cut);

/* The most sensitive cut whose false alarms stay within `wished_ratio`. */
bool roc_cut_for_false_alarms(const double *values, const int *labels, size_t n, bool above,
                              double wished_ratio, RocCut *ret_cut);

/* The same rates for a cut found elsewhere. NAN where a class is empty. */
RocCut roc_score_cut(const double *values, const int *labels, size_t n, bool above,
                     double threshold);

/* The curve's points for drawing, from (0, 0) to (1, 1): at most n + 1; returns how many. */
typedef struct {
    double false_alarm_ratio, sensitivity;
} RocPoint;
size_t roc_curve(const double *values, const int *labels, size_t n, bool above,
                 RocPoint *ret_points);
