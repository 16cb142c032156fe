/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synthetic runs that were analysed, for tests of what an analysis says. */
#pragma once

#include "correlate/analysis.h"
#include "tests/support/dataset_file.h"
#include "tests/support/synthetic_run.h"

/* Writes the run to the place and analyses it; fails the test when either does. */
Analysis *analyse(const DatasetPlace *place, const SyntheticPlan *plan);

/* The event's first row; fails the test without one. */
const FidelityRow *fidelity_of(const Analysis *analysis, const char *event);
