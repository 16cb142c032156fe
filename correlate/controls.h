/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * False alarms where nothing is overcommitted: what an estimator says of visits in which only
 * something else was different (page sharing, the balloon, another load, other processes). And the
 * reverse, alarms where the host's own processes overcommit it, and no guest does.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "correlate/evaluation.h"
#include "correlate/visits.h"

/*
 * Up to here a control has no more to run than half of the CPUs: a kernel that balances late, or
 * two threads of one core, could share what is not overcommitted. The micro guest alone has nobody
 * to share with, whatever part of a small pool it is.
 */
#define CONTROL_MOST_LOAD_PERCENT 50

typedef struct {
    char *name;
    guint visits;                              /* in which nothing was overcommitted */
    double false_alarm_ratio[ESTIMATOR_COUNT]; /* of their windows; NAN: no threshold, no values */
    guint overcommitted;                       /* visits that processes of the host overcommitted */
    double detected_ratio[ESTIMATOR_COUNT];    /* of their windows; NAN */
    guint refused;                             /* visits that show neither */
    const char *refusal;                       /* why the first of them; NULL */
} ControlRow;

/* Empty; rows are freed with it. */
GArray *controls_new(void);

/*
 * Adds a row for each control among `visits`, scored with the thresholds that `rows` found in its
 * primary condition against truth vp: every condition named control-…, and every condition but
 * “quiet” with its visits up to 100 % load. With `run` these are visits of another dataset: every
 * condition is a control, and one not named so gets `run` before its name. A control's visit is
 * refused when its load was over CONTROL_MOST_LOAD_PERCENT or when its vCPU waited all the same
 * (TRUTH_DELAY_SHARE: processes that nobody counted), any visit when its steal check failed.
 */
void controls_score(GArray *controls, const Visits *visits, const GArray *rows, const char *run);

/* The row whose threshold a control's windows were held against; NULL: there is none. */
const EvaluationRow *control_threshold(const GArray *rows, size_t estimator);

/* The estimator that the primary hypothesis is about: whose false alarms stand for a control. */
size_t control_estimator(const GArray *rows);
