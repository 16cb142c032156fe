/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/series.h"

#include <math.h>

#define FAR_NS (INT64_MAX / 4)

typedef struct {
    int64_t host_ns;
    bool after_unmapped; /* rows before it could not be mapped to host time */
    DatasetRow row;
} Knot;

struct Series {
    DatasetCursor *cursor;
    const ClockMap *map;
    guint n_columns;
    int64_t max_gap_ns;
    DatasetRow first;     /* counts are taken relative to it: a double holds 53 bits */
    guint rows;           /* read so far */
    Knot slots[4];        /* what the following point to: rows are large, so none is copied */
    Knot *before, *after; /* the two rows around the present time */
    Knot *next;           /* the row after them, when `has_next` */
    Knot *spare;          /* the row that is being read */
    int64_t last_ns;      /* of the last row read */
    bool has_next, ended;
    SeriesFlaw pair; /* what is wrong between `before` and `after` */
    bool unmapped;   /* a row was passed over since the last one that was not */
};

/* So much of a gap's width may be extrapolated: the two views never begin at the same nanosecond.
 */
#define SLACK_SHARE 0.02

Series *
series_new(DatasetCursor *cursor, const ClockMap *map, guint n_columns, int64_t max_gap_ns)
{
    Series *series = g_new0(Series, 1);

    series->before = &series->slots[0];
    series->after = &series->slots[1];
    series->next = &series->slots[2];
    series->spare = &series->slots[3];
    series->cursor = cursor;
    series->map = map;
    series->n_columns = n_columns;
    series->max_gap_ns = max_gap_ns;
    return series;
}

void
series_free(Series *series)
{
    if (!series)
        return;

    dataset_cursor_free(series->cursor);
    g_free(series);
}

/* Reads ahead: rows that cannot be mapped, or stand still, are passed over. */
static bool
read_next(Series *series, GError **error)
{
    GError *failure = NULL;
    Knot *knot = series->spare;

    series->has_next = false;
    while (!series->ended && dataset_cursor_next(series->cursor, &knot->row, &failure)) {
        if (knot->row.raw_ns < 0 || knot->row.raw_ns > FAR_NS)
            continue;
        knot->host_ns = knot->row.raw_ns;
        if (series->map && !clock_map_host_ns(series->map, &knot->row, &knot->host_ns)) {
            series->unmapped = true;
            continue;
        }
        if (series->rows && knot->host_ns <= series->last_ns)
            continue;
        if (series->rows++ == 0)
            series->first = knot->row;
        series->last_ns = knot->host_ns;
        knot->after_unmapped = series->unmapped;
        series->unmapped = false;
        series->spare = series->next;
        series->next = knot;
        series->has_next = true;
        return true;
    }
    series->ended = true;
    if (failure)
        g_propagate_error(error, failure);
    return !failure;
}

static SeriesFlaw
flaw_between(const Series *series, const Knot *before, const Knot *after)
{
    const DatasetRow *a = &before->row, *b = &after->row;

    for (guint i = 0; i < series->n_columns; i++)
        if ((a->present & b->present & 1ull << i) && b->value[i] < a->value[i])
            return SERIES_RESTART;
    if (after->after_unmapped)
        return SERIES_NO_CLOCK;
    return after->host_ns - before->host_ns > series->max_gap_ns ? SERIES_GAP : SERIES_WHOLE;
}

/* Moves the pair of rows on by one; at the end it stays where it is. */
static bool
advance(Series *series, GError **error)
{
    Knot *passed = series->before;

    if (!series->has_next)
        return read_next(series, error);

    series->before = series->after;
    series->after = series->next;
    series->next = passed;
    if (series->rows >= 2)
        series->pair = flaw_between(series, series->before, series->after);
    return read_next(series, error);
}

/* All columns' counts at a moment between the two rows. */
static void
counts_at(const Series *series, int64_t host_ns, double *ret_counts)
{
    const Knot *a = series->before, *b = series->after;
    double share = (double) (host_ns - a->host_ns) / (double) (b->host_ns - a->host_ns);
    uint64_t present = a->row.present & b->row.present;

    for (guint i = 0; i < series->n_columns; i++) {
        uint64_t base = series->first.present & 1ull << i ? (uint64_t) series->first.value[i] : 0;
        double low = (double) (int64_t) ((uint64_t) a->row.value[i] - base);
        double high = (double) (int64_t) ((uint64_t) b->row.value[i] - base);

        ret_counts[i] = present & 1ull << i ? low + share * (high - low) : NAN;
    }
}

static bool
has_pair(const Series *series)
{
    return series->before->host_ns > 0 && series->after->host_ns > series->before->host_ns;
}

static bool
is_just_behind(const Series *series, int64_t later_ns, int64_t earlier_ns)
{
    return (double) (later_ns - earlier_ns) <= SLACK_SHARE * (double) series->max_gap_ns;
}

/* True when `after` is the last row for a while, and `host_ns` lies only just behind it. */
static bool
ends_just_before(const Series *series, int64_t host_ns)
{
    return is_just_behind(series, host_ns, series->after->host_ns) &&
           (!series->has_next ||
            series->next->host_ns - series->after->host_ns > series->max_gap_ns);
}

/* Moves on until `host_ns` lies between the two rows; the worst flaw passed on the way stays. */
static bool
move_to(Series *series, int64_t host_ns, SeriesFlaw *flaw, GError **error)
{
    while (!has_pair(series) ||
           (series->after->host_ns < host_ns && !ends_just_before(series, host_ns))) {
        if (series->ended && !series->has_next)
            return true;
        if (!advance(series, error))
            return false;
        if (has_pair(series) && series->before->host_ns < host_ns)
            *flaw = MAX(*flaw, series->pair);
    }
    return true;
}

/* A window that begins with the first row after a gap or a restart belongs to the rows behind it.
 */
static bool
step_over_flaw(Series *series, int64_t host_ns, GError **error)
{
    if (series->pair == SERIES_WHOLE || !series->has_next || host_ns > series->after->host_ns ||
        !is_just_behind(series, series->after->host_ns, host_ns))
        return true;
    return advance(series, error);
}

static bool
is_inside(const Series *series, int64_t host_ns)
{
    return has_pair(series) && is_just_behind(series, series->before->host_ns, host_ns) &&
           is_just_behind(series, host_ns, series->after->host_ns);
}

bool
series_window(Series *series, int64_t from_ns, int64_t to_ns, SeriesWindow *ret_window,
              GError **error)
{
    SeriesFlaw passed = SERIES_WHOLE, flaw;
    double start[DATASET_MAX_COLUMNS];

    if (!move_to(series, from_ns, &passed, error) || !step_over_flaw(series, from_ns, error))
        return false;
    if (!is_inside(series, from_ns)) {
        ret_window->flaw = series->unmapped ? SERIES_NO_CLOCK : SERIES_PARTIAL;
        return true;
    }
    flaw = series->pair;
    counts_at(series, from_ns, start);

    if (!move_to(series, to_ns, &flaw, error))
        return false;
    if (!is_inside(series, to_ns))
        flaw = MAX(flaw, SERIES_PARTIAL);
    ret_window->flaw = flaw;
    if (flaw != SERIES_WHOLE)
        return true;
    counts_at(series, to_ns, ret_window->delta);
    for (guint i = 0; i < series->n_columns; i++)
        ret_window->delta[i] -= start[i];
    return true;
}
