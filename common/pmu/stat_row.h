/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a row says in perf's words, the same in each form of output. */
#pragma once

#include <math.h>

#include "common/pmu/stat_window.h"

#define STAT_DOMAIN_BYTES_MAX 128 /* anybody may have chosen a domain's name */

/* The clocks count nanoseconds and print milliseconds. */
static inline double
stat_row_printed_value(const StatRow *row)
{
    return row->is_time ? row->value / 1e6 : floor(row->value + 0.5);
}

static inline const char *
stat_row_unit(const StatRow *row)
{
    return row->is_time ? "msec" : "";
}

/* perf's words for none; NULL when there is a value. */
static inline const char *
stat_row_why_no_value(const StatRow *row)
{
    if (!row->supported)
        return "<not supported>";
    return isnan(row->value) ? "<not counted>" : NULL;
}

/* perf divides integers here: whole percents, printed with two zeros. */
static inline unsigned
stat_row_running_percent(const StatRow *row)
{
    if (row->running_ns == row->enabled_ns)
        return 100;
    return (unsigned) (100 * (double) row->running_ns / (double) row->enabled_ns);
}
