/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fleet's vCPUs brought to the CPUs of a step. */
#pragma once

#include "hostctl/run/fleet.h"
#include "hostctl/run/rig_step.h"

/*
 * Shared and shrink: all threads of all guests to step->cpus. Pinned: the vCPUs, in the order of
 * the guests, to one CPU each, in turn, so that any first N of them are spread as evenly as can be;
 * QEMU's other threads to all of step->cpus, or to the housekeeping CPUs where there are some. Call
 * it while no load runs.
 */
bool placement_apply(PlanPlacement placement, const RigStep *step, Fleet *fleet, GError **error);

/* The CPU of the n-th vCPU, from 0, counted round. -1 for the empty set. */
int placement_turn(const cpu_set_t *cpus, unsigned n);
