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
    bool has_phases; /* in the column behind these */
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
series_has_phases(Series *series)
{
    series->has_phases = true;
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

static bool
is_just_behind(const Series *series, int64_t later_ns, int64_t earlier_ns)
{
    return (double) (later_ns - earlier_ns) <= SLACK_SHARE * (double) series->max_gap_ns;
}

/* `share` of the way from `a` to `b`. */
static double
count_between(const Series *series, const Knot *a, const Knot *b, double share, guint column)
{
    uint64_t base =
        series->first.present & 1ull << column ? (uint64_t) series->first.value[column] : 0;
    double low = (double) (int64_t) ((uint64_t) a->row.value[column] - base);
    double high = (double) (int64_t) ((uint64_t) b->row.value[column] - base);

    return low + share * (high - low);
}

static double
share_of(const Knot *a, const Knot *b, int64_t host_ns)
{
    return (double) (host_ns - a->host_ns) / (double) (b->host_ns - a->host_ns);
}

/*
 * A counter that takes turns has its first count in the row at which its turn began, and no window
 * begins exactly there: from just before it the count is extrapolated.
 */
static uint64_t
begin_just_after(const Series *series, int64_t host_ns)
{
    if (!series->has_next || !is_just_behind(series, series->after->host_ns, host_ns))
        return 0;
    return ~series->before->row.present & series->after->row.present & series->next->row.present;
}

/* All columns' counts at a moment between the two rows. */
static void
counts_at(const Series *series, int64_t host_ns, double *ret_counts)
{
    const Knot *a = series->before, *b = series->after;
    double share = share_of(a, b, host_ns);
    uint64_t present = a->row.present & b->row.present;
    uint64_t begin = begin_just_after(series, host_ns);

    for (guint i = 0; i < series->n_columns; i++)
        ret_counts[i] = present & 1ull << i ? count_between(series, a, b, share, i)
                        : begin & 1ull << i ? count_between(series, b, series->next,
                                                            share_of(b, series->next, host_ns), i)
                                            : NAN;
}

static bool
has_pair(const Series *series)
{
    return series->before->host_ns > 0 && series->after->host_ns > series->before->host_ns;
}

/* True when `after` is the last row for a while, and `host_ns` lies only just behind it. */
static bool
ends_just_before(const Series *series, int64_t host_ns)
{
    return is_just_behind(series, host_ns, series->after->host_ns) &&
           (!series->has_next ||
            series->next->host_ns - series->after->host_ns > series->max_gap_ns);
}

/* What a window says of the rows that it went over. */
typedef struct {
    SeriesFlaw flaw; /* the worst */
    int64_t phase;   /* of all of them */
} Passed;

/* The phase of the present pair of rows, unless the window only just touches it. */
static void
pass_phase(const Series *series, int64_t from_ns, int64_t to_ns, Passed *passed)
{
    const DatasetRow *row = &series->after->row;
    int64_t own;

    if (!series->has_phases || !(row->present & 1ull << series->n_columns) ||
        is_just_behind(series, series->after->host_ns, from_ns) ||
        is_just_behind(series, to_ns, series->before->host_ns))
        return;
    own = row->value[series->n_columns];
    if (passed->phase != own)
        passed->phase = passed->phase == PHASE_NONE ? own : PHASE_MIXED;
}

/* Moves on until `host_ns` lies between the two rows; `from_ns`: where the window began. */
static bool
move_to(Series *series, int64_t from_ns, int64_t host_ns, Passed *passed, GError **error)
{
    while (!has_pair(series) ||
           (series->after->host_ns < host_ns && !ends_just_before(series, host_ns))) {
        if (series->ended && !series->has_next)
            return true;
        if (!advance(series, error))
            return false;
        if (!has_pair(series) || series->before->host_ns >= host_ns)
            continue;
        passed->flaw = MAX(passed->flaw, series->pair);
        pass_phase(series, from_ns, host_ns, passed);
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
    Passed before = { 0 }, passed = { 0 };
    double start[DATASET_MAX_COLUMNS];

    if (!move_to(series, from_ns, from_ns, &before, error) ||
        !step_over_flaw(series, from_ns, error))
        return false;
    if (!is_inside(series, from_ns)) {
        ret_window->flaw = series->unmapped ? SERIES_NO_CLOCK : SERIES_PARTIAL;
        return true;
    }
    passed.flaw = series->pair;
    pass_phase(series, from_ns, to_ns, &passed);
    counts_at(series, from_ns, start);

    if (!move_to(series, from_ns, to_ns, &passed, error))
        return false;
    if (!is_inside(series, to_ns))
        passed.flaw = MAX(passed.flaw, SERIES_PARTIAL);
    ret_window->flaw = passed.flaw;
    ret_window->phase = passed.phase;
    if (passed.flaw != SERIES_WHOLE)
        return true;
    counts_at(series, to_ns, ret_window->delta);
    for (guint i = 0; i < series->n_columns; i++)
        ret_window->delta[i] -= start[i];
    return true;
}

int64_t
series_change_ns(const Series *series, int64_t host_ns)
{
    if (has_pair(series) && series->before->host_ns > host_ns)
        return series->before->host_ns;
    if (has_pair(series) && series->after->host_ns > host_ns)
        return series->after->host_ns;
    return series->ended && !series->has_next ? INT64_MAX : host_ns;
}
