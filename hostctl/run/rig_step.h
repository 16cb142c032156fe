/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a load level comes to on this host: how many guests run their load, on which CPUs. */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "hostctl/run/plan.h"
#include "hostctl/run/rig.h"

typedef struct {
    unsigned n_bulk; /* bulk guests whose load runs */
    cpu_set_t cpus;  /* where all guests' vCPUs may run meanwhile */
    unsigned n_cpus, n_cores;
    unsigned n_hogs; /* processes of the host that make load there too */
    unsigned n_bandwidth_hogs;
    cpu_set_t elsewhere; /* CPUs of cores of which none is in the pool: where those run */
    unsigned interrupts_per_second; /* of a timer, on each of `cpus` */
} RigStep;

/*
 * The step in that condition (index). By guests: step_percent of the pool's CPUs (or cores, when
 * the plan's steps are of cores) in vCPUs, rounded to whole guests, on the whole pool. By CPUs
 * (placement shrink): all bulk guests, on so many CPUs that their vCPUs are step_percent of them,
 * rounded; 0 %: no load, the whole pool.
 */
RigStep rig_step_at(const Rig *rig, const Plan *plan, unsigned condition, double step_percent);

/*
 * False when a step of a condition cannot be made here: too few bulk guests, more or fewer CPUs
 * than the pool has, or no core beside the pool for what is to run there. The error names the JSON
 * path and what would be right.
 */
bool rig_steps_check(const Rig *rig, const Plan *plan, GError **error);

/* `wanted` of the CPUs, or of the cores behind them: cores are given up whole, the lowest first,
 * for that is where interrupts tend to be. */
cpu_set_t rig_shrink(const Sysroot *root, const cpu_set_t *cpus, PlanOf of, unsigned wanted);
