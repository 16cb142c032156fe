/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All that correlate finds in one dataset, in one pass over it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/dataset/reader.h"
#include "common/dataset/steal_check.h"
#include "correlate/align/lag.h"
#include "correlate/align/visit_walk.h"
#include "correlate/clock_table.h"
#include "correlate/controls.h"
#include "correlate/evaluation.h"
#include "correlate/fidelity.h"
#include "correlate/isolation.h"
#include "correlate/turn_windows.h"
#include "correlate/visits.h"

typedef struct {
    DatasetReader *reader;
    const DatasetFacts *facts; /* the reader's */
    ClockTable *clocks;
    Visits *visits;
    GArray *steal_checks; /* StealCheck */
    GArray *fidelity;     /* FidelityRow */
    GArray *estimators;   /* EvaluationRow */
    GArray *controls;     /* ControlRow */
    GArray *isolation;    /* IsolationRow */
    GArray *notes;        /* DatasetNote */
    GArray *swaps;        /* DatasetSwap */
    Exclusions excluded;
    TurnWindows turns;
    LagSweep lags; /* of the first event that both sides counted */
    char *answer;  /* one sentence */
} Analysis;

Analysis *analysis_new(const char *path, GError **error);

/* The pass alone: `estimators` and `answer` stay NULL. */
Analysis *analysis_scan(const char *path, GError **error);
void analysis_free(Analysis *analysis);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Analysis, analysis_free)

/* Scores the visits of another dataset (a control plan's) with this one's thresholds; refused when
 * that has other counters or another CPU model. */
bool analysis_add_control(Analysis *analysis, const char *path, GError **error);

/* Both together; `controls` NULL: none. */
Analysis *analysis_with_controls(const char *path, char **controls, GError **error);

/* Every window that is evidence, in the order of the run; with `host_only` also those of guests
 * that have no view of their own (host counts alone). */
bool analysis_walk(DatasetReader *reader, ClockTable *clocks, bool host_only, WindowFunc each,
                   void *data, Exclusions *exclusions, GError **error);

/* A condition's name by its id in the dataset; NULL when there is none. */
const char *analysis_condition_name(const Analysis *analysis, int64_t id);

/* True when no check failed: steal, and fidelity's medians within 2 %. */
bool analysis_passes(const Analysis *analysis);
