/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One window of counting, ready to be printed as perf stat does: of a guest as it sees itself, or
 * of one vCPU as its host sees it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/event.h"

/* What perf prints behind the "#": a ratio of this event and another. */
typedef struct {
    double value;
    int decimals;
    const char *unit; /* a constant; NULL: there is no metric */
} StatMetric;

/* What a row says in each of its windows, as CSV: kept by who counts, put together once by who
 * prints. All 0 before. */
typedef struct {
    uint16_t n_head, n_tail; /* bytes; a head of 0: not put together, or too long for it */
    char head[80];           /* from behind the value to before the time of running */
    char tail[176];          /* from behind the metric on */
} StatRowText;

typedef struct {
    const char *name;   /* "cycles:u" */
    const Event *event; /* NULL: none of event_list */
    const char
        *mode; /* whose execution: "guest", "host", "both"; NULL: the question is not asked */
    const char *source; /* "hardware", "emulated", … */
    bool is_time;       /* counts nanoseconds, as the clocks do */
    bool supported;
    double value; /* a count, or nanoseconds; NAN: not counted */
    uint64_t enabled_ns, running_ns;
    StatMetric metric;
    StatRowText *text;       /* NULL: nothing is kept */
    const char *exit_reason; /* of a row of VM exits; NULL: it is none */
    uint64_t exit_time_ns;   /* its exits' time until the next entry */
} StatRow;

/* Reasons of VM exits that have a row of their own. */
#define STAT_EXIT_ROWS_MAX 32
/* What a judge made of a window; names as docs/thresholds-format.md has them. */
typedef struct {
    const char *estimator;   /* "": none fits the counts */
    double value, threshold; /* NAN: there is none */
    const char *match;       /* "exact", "model", "none" */
    const char *verdict;     /* "overcommitted", "ok", "unknown" */
    const char *reason;      /* why it is unknown; "": it is not */
} StatVerdict;

#define STAT_ROWS_MAX (2 * EVENT_MAX + 2 + STAT_EXIT_ROWS_MAX)

typedef struct {
    const char *thread; /* "CPU 0/KVM-4711", perf's id of a thread; NULL: no column for it */
    const char *domain; /* NULL: no columns for guest, vCPU and mode */
    unsigned vcpu;
    int64_t end_ns;             /* since counting began */
    int64_t elapsed_ns;         /* of this window */
    const StatVerdict *verdict; /* NULL: nothing judges */
    unsigned n_rows;
    StatRow rows[STAT_ROWS_MAX];
} StatWindow;

/* True for task-clock and cpu-clock, whose counts are nanoseconds. */
bool stat_is_time(const Event *event);

/*
 * Fills in the metric of every row that has none, with the ratios that perf 6.1 takes: of two
 * events of the same mode, and rates by the CPU time that is not asked for its mode.
 */
void stat_window_add_metrics(StatWindow *window);
