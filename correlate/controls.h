/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * False alarms where nothing is overcommitted: what an estimator says of visits up to 100 % load in
 * which only something else was different (page sharing, the balloon, another load, other
 * processes).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "correlate/evaluation.h"
#include "correlate/visits.h"

/* A condition whose name begins so is a control: no level of the experiment. */
#define CONTROL_PREFIX "control-"
bool control_is(const char *condition);

typedef struct {
    char *name;
    guint visits;
    double false_alarm_ratio[ESTIMATOR_COUNT]; /* of its windows; NAN: no threshold, or no values */
} ControlRow;

/* Empty; rows are freed with it. */
GArray *controls_new(void);

/*
 * Adds a row for each control among `visits`, scored with the thresholds that `rows` found in its
 * primary condition against truth vp: every condition named control-…, and every condition but
 * “quiet” with its visits up to 100 % load. `run` (NULL: none) goes before the names: visits of
 * another dataset, of which every condition counts.
 */
void controls_score(GArray *controls, const Visits *visits, const GArray *rows, const char *run);

/* The estimator that the primary hypothesis is about: whose false alarms stand for a control. */
size_t control_estimator(const GArray *rows);
