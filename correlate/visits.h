/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What statistics are made of: for each visit, the windows of the micro guest's vCPUs with their
 * estimators' values and truths. Memory is bounded by the number of visits: of a long visit every
 * second, fourth, … window is kept.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/estimate/estimator.h"

#define VISIT_WINDOWS_KEPT 512

typedef struct {
    double t_seconds;
    double value[ESTIMATOR_COUNT];  /* NAN: this window cannot tell */
    double delay_share;             /* host: delay / (delay + run); NAN */
    double instructions_per_second; /* host, guest mode; else the guest's own; NAN */
} WindowValues;

typedef struct {
    guint condition; /* index into Visits.conditions */
    int64_t visit_id, repeat, position;
    char kind[8];
    double vp_percent, load_percent, core_percent; /* NAN: not known */
    int runnable;  /* vCPUs and host hogs that share the CPUs; -1: not known */
    int pool_cpus; /* on which they could run; 0: not known */
    bool boundary;
    int settled;            /* 1, 0; -1: not known */
    int steal_pass;         /* 1, 0; -1: not judged */
    int host_hogs;          /* of the runnable ones, processes of the host */
    double foreign_seconds; /* CPU time of foreign guests */
    double jain;            /* fairness of the bulk guests' run time; NAN */
    double start_seconds;   /* of measuring, since the run's first visit */
    guint64 windows;        /* all that are evidence */
    guint stride;           /* of them every stride-th is kept */
    GArray *kept;           /* WindowValues, ascending in time, vCPU after vCPU */
    double sum[ESTIMATOR_COUNT];
    guint64 counted[ESTIMATOR_COUNT];
    double delay_sum, ips_sum;
    guint64 delay_counted, ips_counted;
} Visit;

typedef struct {
    GPtrArray *conditions; /* char *, in the dataset's order */
    GPtrArray *visits;     /* Visit *, in the order of the run */
} Visits;

Visits *visits_new(void);
void visits_free(Visits *visits);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Visits, visits_free)

/* A new visit at the end; owned by `visits`. The caller sets its facts. */
Visit *visits_add(Visits *visits);

void visit_add_window(Visit *visit, const WindowValues *values);

/* Means over all windows of the visit, NAN when there are none. */
double visit_mean(const Visit *visit, size_t estimator);
double visit_delay_share(const Visit *visit);
double visit_instructions_per_second(const Visit *visit);

/* -1 when there is no condition of this name. */
int visits_condition(const Visits *visits, const char *name);

/* A condition whose name begins so is a control: no level of the experiment. */
#define CONTROL_PREFIX "control-"
bool control_is(const char *condition);

/* Whether the visit is one of the condition's; condition < 0: of any that is no control. */
bool visits_belong(const Visits *visits, const Visit *visit, int condition);

/* The fewest visits that any level (condition and load) among them has; conditions < 0: all but
 * controls. */
guint visits_fewest(const Visits *visits, int condition);
