/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A dataset with planted truth: the same counts seen from two sides through two clocks, with visits
 * that differ among themselves, lost samples, a biased guest counter and a shape against load.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum {
    SYNTHETIC_FLAT,
    SYNTHETIC_LINE,       /* rises from 0 % on */
    SYNTHETIC_SATURATING, /* rises quickly, then ever slower */
    SYNTHETIC_HINGE,      /* flat up to the knee, rising from there */
    SYNTHETIC_JUMP,       /* one step at the knee */
} SyntheticShape;

typedef struct {
    guint64 seed;
    guint pool_cpus, repeats;
    const double *steps_percent; /* of the pool, in bulk vCPUs */
    guint n_steps;
    const char *const *conditions; /* NULL-terminated */
    double measure_seconds, settle_seconds, drop_seconds;
    guint interval_ms;

    double clock_offset_s;  /* guest raw clock 0 lies so long after the host's */
    double clock_drift_ppm; /* the guest's second is so much longer */
    double clock_step_ms;   /* the guest's clock jumps so much in the middle of the run */
    guint guest_lead_bins;  /* the guest samples so many quarters of a window before the host */
    double lost_ratio;      /* of guest samples that never arrived */
    double fidelity_ratio;  /* guest count / host count of branch misses */
    double starved_ratio;   /* of windows in which the guest's counters stand still */
    bool restart;           /* the guest's counters start anew in the middle of the second visit */

    SyntheticShape shape; /* of branch misses per cycle against V:P */
    double knee_percent;
    double effect;       /* relative rise at 200 % */
    double visit_sd;     /* relative: visits differ among themselves */
    double window_sd;    /* relative: windows differ within a visit */
    double within_slope; /* relative rise per unit of the window's own delay share deviation */

    const char *counters;    /* "emulated", "hardware" */
    const char *accelerator; /* "tcg", "kvm" */
    bool shrink;             /* one bulk vCPU a CPU; a step is made by fewer CPUs, recorded */
    guint quota_percent;     /* of one CPU, of every guest; 0: none */
    double wrong_steal;      /* added to the delay share: a visit that is not what it claims */
    const char *state;       /* of the run: "complete" */
} SyntheticPlan;

/* Two CPUs, five steps, quiet and noisy, three repeats, a hinge at 100 %: everything is fine. */
extern const SyntheticPlan synthetic_plan_default;

/* Branch misses per 10 000 cycles that the plan's shape gives at a load, before noise. */
double synthetic_value(const SyntheticPlan *plan, double vp_percent);

/* A number of the standard normal distribution. */
double synthetic_normal(GRand *random);

/* Writes the dataset; a file that is there is replaced. */
bool synthetic_run_write(const SyntheticPlan *plan, const char *path, GError **error);
