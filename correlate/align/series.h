/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cumulative counts of one vCPU as a function of host time: rows are mapped to host time and
 * interpolated linearly; differences come after. Only two rows are held at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/dataset/reader.h"
#include "correlate/align/clock_map.h"

typedef enum {
    SERIES_WHOLE,
    SERIES_PARTIAL, /* the rows begin after, or end before, the window does */
    SERIES_GAP,     /* a row is missing: neighbours further apart than `max_gap_ns` */
    SERIES_RESTART, /* a count dropped: the guest or its counters started anew */
    SERIES_NO_CLOCK /* a row could not be mapped to host time */
} SeriesFlaw;

typedef struct Series Series;

/* Takes the cursor over. `map` NULL: rows are in host time already. */
Series *series_new(DatasetCursor *cursor, const ClockMap *map, guint n_columns, int64_t max_gap_ns);
void series_free(Series *series);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Series, series_free)

/* The last of the cursor's columns, behind `n_columns`, says of each row in which phase the counts
 * up to it were taken, from 1. */
void series_has_phases(Series *series);

#define PHASE_NONE 0
#define PHASE_MIXED (-1)

typedef struct {
    SeriesFlaw flaw;
    double delta[DATASET_MAX_COLUMNS]; /* NAN where a column was not recorded */
    int64_t phase;                     /* of all of it; PHASE_NONE: rows do not say */
} SeriesWindow;

/*
 * The next moment after `host_ns`, which series_window() was last asked for, at which rows begin or
 * end to count: until then all windows are alike. INT64_MAX: none is left; `host_ns`: not known.
 */
int64_t series_change_ns(const Series *series, int64_t host_ns);

/* The counts of [from_ns, to_ns) in host time; windows must be asked for in ascending order,
 * without overlap. False: the dataset could not be read. */
bool series_window(Series *series, int64_t from_ns, int64_t to_ns, SeriesWindow *ret_window,
                   GError **error);
