/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One window of the stand-alone mode, ready to be printed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/event.h"

/* What perf prints behind the "#": a ratio of this event and another. */
typedef struct {
    double value;
    int decimals;
    char unit[24]; /* "": there is none */
} StatMetric;

typedef struct {
    const char *name;   /* "cycles:u" */
    const Event *event; /* NULL: none of event_list */
    bool supported;
    double value; /* a count, or nanoseconds; NAN: not counted */
    uint64_t enabled_ns, running_ns;
    StatMetric metric;
} StatRow;

typedef struct {
    int64_t end_ns;     /* since counting began */
    int64_t elapsed_ns; /* of this window */
    unsigned n_rows;
    StatRow rows[EVENT_MAX];
} StatWindow;

/* Fills in every row's metric, with the ratios that perf 6.1 takes. */
void stat_window_add_metrics(StatWindow *window);
