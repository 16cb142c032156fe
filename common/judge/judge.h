/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows judged by a learned threshold. correlate and guestprobe both judge through this, so that
 * the same numbers have the same verdict in both.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/judge/perf_file.h"
#include "common/judge/threshold.h"

typedef enum { VERDICT_OVERCOMMITTED, VERDICT_FINE, VERDICT_UNKNOWN } JudgeVerdict;
const char *judge_verdict_name(JudgeVerdict verdict); /* "overcommitted", "ok", "unknown" */

typedef struct {
    double t_seconds; /* of the window's start, since the first one's file or run began */
    double value;     /* NAN: the window has none */
    JudgeVerdict verdict;
    const char *reason; /* why it is unknown, a clause; NULL: it is not */
} JudgedWindow;

typedef struct {
    const Threshold *threshold; /* NULL: none fits the counters that are there */
    ThresholdMatch match;
    const char *mismatch;       /* why the match is none; NULL: it is not */
    guint known, overcommitted; /* windows with a verdict */
} Judge;

/* Chooses as thresholds_choose() does. `thresholds` must outlive it. */
Judge judge_new(const GArray *thresholds, const ThresholdKey *here, const char *estimator,
                unsigned able);

JudgedWindow judge_window(Judge *judge, double t_seconds, const GuestView *view);

/* True when at least half of the windows with a verdict are overcommitted. */
bool judge_is_overcommitted(const Judge *judge);

/* One object as docs/thresholds-format.md has it, without a newline. Free with g_free(). */
char *judged_window_json(const Judge *judge, const JudgedWindow *window);

/* What was judged by, and what came out, in a sentence or two. Free with g_free(). */
char *judge_summary(const Judge *judge);

/* The view of a window of a file that perf stat printed. */
GuestView perf_window_view(const PerfFile *file, const PerfWindow *window);

typedef struct {
    Judge judge;
    GArray *windows; /* JudgedWindow */
} Judgement;

/* All windows of a file, by the one threshold that suits them best. `here`: what is known of the
 * guest that it comes from. */
Judgement *judge_perf_file(const PerfFile *file, const GArray *thresholds, const ThresholdKey *here,
                           const char *estimator);

Judgement *judgement_new(const Judge *judge);
void judgement_add(Judgement *judgement, double t_seconds, const GuestView *view);
void judgement_free(Judgement *judgement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Judgement, judgement_free)
