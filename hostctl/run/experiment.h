/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The whole experiment: blocks of visits over conditions and repeats, guests made anew between. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/progress.h"
#include "hostctl/run/lab.h"

/*
 * Runs the plan into lab->writer and finishes the dataset (complete, interrupted, failed). Guests
 * and page sharing are as before on every way out; `notes` (char *) gets what was left alone
 * because somebody else had changed it meanwhile, and visits whose check failed.
 */
bool experiment_run(Lab *lab, Progress *progress, GPtrArray *notes, GError **error);

/* How long the plan takes: boots estimated, page sharing at its longest. */
int64_t experiment_planned_ns(const Plan *plan, const Rig *rig);

/* Of that: the longest that page sharing is waited for, over all blocks. */
int64_t experiment_longest_settle_ns(const Plan *plan);
