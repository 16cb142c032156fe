/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One stay at one step: loads on, settled, clock echoes, measured in silence, echoes, loads off. */
#pragma once

#include <stdint.h>

#include "hostctl/run/fleet.h"
#include "hostctl/run/lab.h"
#include "hostctl/run/sampler.h"
#include "hostctl/run/schedule.h"

typedef struct {
    const PlannedVisit *planned;
    int64_t condition_id;
    unsigned position; /* in the run, from 1 */
} VisitOrder;

/*
 * Makes the visit and writes it. On failure the visit's row says failed or interrupted, loads may
 * still run, and what was measured is in the dataset.
 */
bool visit_make(const VisitOrder *order, Lab *lab, Fleet *fleet, Sampler *sampler, GError **error);

/* How long a visit takes as planned, without boots: for the schedule and the time left. */
int64_t visit_planned_ns(const Plan *plan);
