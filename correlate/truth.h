/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The labels that an estimator must predict, and the host's number behind each. */
#pragma once

#include "correlate/visits.h"

typedef enum {
    TRUTH_VP,       /* more runnable vCPUs than CPUs: N > P + 1; N = P + 1 is the boundary */
    TRUTH_DELAY,    /* the vCPU waited more than 5 % of the time it wanted to run */
    TRUTH_SLOWDOWN, /* it did less than 95 % of the work a second that it does when quiet */
} Truth;
#define TRUTHS 3

#define TRUTH_DELAY_SHARE 0.05
#define TRUTH_SLOWDOWN_RATIO 0.95

const char *truth_name(Truth truth);

/* Instructions a second of the load when nothing disturbs it, per condition; NAN: not known. */
typedef struct {
    double instructions_per_second;
} TruthBaseline;

/* The quiet condition's lowest step, else the same condition's. */
TruthBaseline truth_baseline(const Visits *visits, guint condition);

/* 1 overcommitted, 0 not, -1 no label (boundary, or not known). */
int truth_label(Truth truth, const Visit *visit, const WindowValues *window,
                const TruthBaseline *baseline);

/* What the label is cut from: vp_percent, delay share, slowdown (baseline over now); NAN. */
double truth_number(Truth truth, const Visit *visit, const WindowValues *window,
                    const TruthBaseline *baseline);

/* The same as the visit's mean. */
double truth_visit_number(Truth truth, const Visit *visit, const TruthBaseline *baseline);
