/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/visit_walk.h"

#include <math.h>

#include "common/dataset/visit_times.h"
#include "correlate/align/series.h"

#define FAR_NS (INT64_MAX / 4)
#define FOREIGN_SHARE 0.01 /* of the pool's time: more than that is not our experiment */

/* Columns of one side: the events, then the pairs of times of their groups, then the guest's own,
 * then the phase. */
typedef struct {
    const char *names[DATASET_MAX_COLUMNS + 1];
    guint n;
    guint events;           /* they stand first */
    guint group[EVENT_MAX]; /* each event's counter group */
    int field[EVENT_MAX];   /* what it is to an estimator; -1: nothing */
    guint own;              /* where steal_ns and the following stand */
} Columns;

static const struct {
    const char *enabled, *running;
} group_times[] = {
    { "enabled_ns", "running_ns" },
    { "enabled_ns_1", "running_ns_1" },
    { "enabled_ns_2", "running_ns_2" },
    { "enabled_ns_3", "running_ns_3" },
};

typedef struct {
    const DatasetFacts *facts;
    const WalkTarget *target;
    Columns guest_columns, host_columns;
    Series *guest, *host, *sched;
} Walk;

static const GuestField own_fields[] = { GUEST_STEAL_NS, GUEST_BUSY_NS, GUEST_CANARY_BRANCHES,
                                         GUEST_CANARY_MISSES };
static const char *const sched_columns[] = { "run_ns", "delay_ns", NULL };

bool
visit_is_whole(const DatasetVisit *visit)
{
    return g_str_equal(visit->state, "done") && visit->start_raw_ns >= 0 &&
           visit->end_raw_ns > visit->start_raw_ns && visit->end_raw_ns < FAR_NS &&
           (visit->load_raw_ns == DATASET_UNKNOWN ||
            (visit->load_raw_ns >= 0 && visit->load_raw_ns < FAR_NS));
}

static int
field_of(const char *column)
{
    for (int f = GUEST_CYCLES; f <= GUEST_CACHE_MISSES; f++)
        if (g_str_equal(guest_field_columns[f], column))
            return f;
    return -1;
}

static Columns
columns_of(const GArray *events, bool guest, bool has_phases)
{
    Columns columns = { .events = MIN(events->len, EVENT_MAX) };
    guint groups = 1;

    for (guint i = 0; i < columns.events; i++) {
        const DatasetEvent *event = &g_array_index(events, DatasetEvent, i);

        columns.names[columns.n++] = event->column;
        columns.group[i] = (guint) CLAMP(event->group, 0, (int64_t) G_N_ELEMENTS(group_times) - 1);
        columns.field[i] = field_of(event->column);
        groups = MAX(groups, columns.group[i] + 1);
    }
    for (guint g = 0; g < groups; g++) {
        columns.names[columns.n++] = group_times[g].enabled;
        columns.names[columns.n++] = group_times[g].running;
    }
    columns.own = columns.n;
    for (guint i = 0; guest && i < G_N_ELEMENTS(own_fields); i++)
        columns.names[columns.n++] = guest_field_columns[own_fields[i]];
    if (has_phases)
        columns.names[columns.n++] = "phase";
    return columns;
}

static Series *
open_series(DatasetReader *reader, const Walk *walk, DatasetSeries kind, const char *const *columns,
            const ClockMap *map, const int64_t range[2], GError **error)
{
    const WalkTarget *target = walk->target;
    int64_t interval = walk->facts->run.interval_ns;
    bool has_phases = walk->facts->has_phases && kind != DATASET_SCHED_SAMPLES;
    guint n = g_strv_length((char **) columns) - has_phases;
    DatasetCursor *cursor = dataset_cursor_open(reader, kind, target->guest->id, target->vcpu,
                                                range[0], range[1], columns, error);
    Series *series;

    if (!cursor)
        return NULL;
    /* One missing sample makes two intervals; lateness alone stays well below one and a half. */
    series = series_new(cursor, map, n, interval + interval / 2);
    if (has_phases)
        series_has_phases(series);
    return series;
}

static bool
open_walk(Walk *walk, DatasetReader *reader, GError **error)
{
    const DatasetVisit *visit = walk->target->visit;
    const int64_t range[2] = { visit->start_raw_ns, visit->end_raw_ns };
    int64_t guest_range[2];

    walk->guest_columns = columns_of(walk->facts->events, true, walk->facts->has_phases);
    walk->host_columns = columns_of(walk->facts->events, false, walk->facts->has_phases);
    if (walk->target->has_guest_view) {
        /* By pings even where the TSC maps exactly: this only has to be wide enough. */
        if (!clock_map_guest_ns(walk->target->clock, range[0], &guest_range[0]) ||
            !clock_map_guest_ns(walk->target->clock, range[1], &guest_range[1]))
            guest_range[0] = 0, guest_range[1] = FAR_NS;
        walk->guest = open_series(reader, walk, DATASET_GUEST_SAMPLES, walk->guest_columns.names,
                                  walk->target->clock, guest_range, error);
    }
    if (walk->target->has_guest_view && !walk->guest)
        return false;
    walk->host = open_series(reader, walk, DATASET_HOST_SAMPLES, walk->host_columns.names, NULL,
                             range, error);
    if (!walk->host)
        return false;
    walk->sched =
        open_series(reader, walk, DATASET_SCHED_SAMPLES, sched_columns, NULL, range, error);
    return walk->sched != NULL;
}

static void
close_walk(Walk *walk)
{
    series_free(walk->guest);
    series_free(walk->host);
    series_free(walk->sched);
}

/* A count scaled to the whole window by the share of it in which its group counted. */
static Verdict
judge_count(const Columns *columns, const SeriesWindow *side, guint event, double *ret_count)
{
    guint times = columns->events + 2 * columns->group[event];
    double enabled = side->delta[times], running = side->delta[times + 1];

    *ret_count = side->delta[event];
    if (isnan(*ret_count))
        return VERDICT_INVALID;
    if (!(enabled > 0) || running >= enabled * (1 - 1e-6))
        return VERDICT_OK;
    *ret_count *= running > 0 ? enabled / running : NAN;
    return running > 0 ? VERDICT_SCALED : VERDICT_STARVED;
}

/*
 * A counter that stands still while its vCPU works is starved, however sure the other side is of
 * it: under KVM's perf-based vPMU that is the only sign. Rare events (misses) may honestly be zero.
 */
static void
find_silent_zeros(const Walk *walk, Window *window)
{
    const Columns *columns = &walk->host_columns;

    for (guint i = 0; i < columns->events; i++) {
        double guest = window->guest_count[i], host = window->host_count[i];
        bool always_moves =
            columns->field[i] == GUEST_CYCLES || columns->field[i] == GUEST_INSTRUCTIONS;

        if (always_moves && ((guest == 0 && !(host <= 0)) || (host == 0 && !(guest <= 0))))
            window->verdict[i] = VERDICT_STARVED;
    }
}

static void
fill_guest_view(const Walk *walk, const SeriesWindow *side, Window *window)
{
    const Columns *columns = &walk->host_columns;

    window->guest.seconds = (double) (window->end_ns - window->start_ns) / 1e9;
    for (int f = 0; f < GUEST_FIELDS; f++)
        window->guest.count[f] = NAN;
    for (guint i = 0; i < columns->events; i++)
        if (columns->field[i] >= 0)
            window->guest.count[columns->field[i]] =
                window->verdict[i] <= VERDICT_SCALED ? window->guest_count[i] : NAN;
    for (guint i = 0; side && i < G_N_ELEMENTS(own_fields); i++)
        window->guest.count[own_fields[i]] = side->delta[walk->guest_columns.own + i];
}

/* Where only the host takes turns, the guest's rows have no phase and any window will do. */
static void
judge_turns(const SeriesWindow *guest, const SeriesWindow *host, Window *window)
{
    window->by_turns = guest && guest->phase != PHASE_NONE;
    window->compared =
        !window->by_turns || (host && guest->phase != PHASE_MIXED && guest->phase == host->phase);
}

static void
judge_window(const Walk *walk, const SeriesWindow *guest, const SeriesWindow *host, Window *window)
{
    judge_turns(guest, host, window);
    for (guint i = 0; i < EVENT_MAX; i++) {
        window->guest_count[i] = window->host_count[i] = NAN;
        window->verdict[i] = VERDICT_OK;
    }
    for (guint i = 0; i < walk->guest_columns.events; i++) {
        Verdict in_guest = VERDICT_OK, on_host = VERDICT_OK;

        if (guest)
            in_guest = judge_count(&walk->guest_columns, guest, i, &window->guest_count[i]);
        if (host)
            on_host = judge_count(&walk->host_columns, host, i, &window->host_count[i]);
        /* Where the host's groups take turns, it says nothing of the others' windows. */
        if (guest && isnan(window->host_count[i]) && on_host == VERDICT_INVALID)
            on_host = VERDICT_OK;
        window->verdict[i] = MAX(in_guest, on_host);
    }
    find_silent_zeros(walk, window);
    fill_guest_view(walk, guest, window);
}

static ExcludedReason
reason_of(SeriesFlaw flaw)
{
    static const ExcludedReason reasons[] = { [SERIES_PARTIAL] = EXCLUDED_PARTIAL,
                                              [SERIES_GAP] = EXCLUDED_LOST,
                                              [SERIES_RESTART] = EXCLUDED_RESTART,
                                              [SERIES_NO_CLOCK] = EXCLUDED_NO_CLOCK };

    return reasons[flaw];
}

static bool
no_guest_count(const Walk *walk, const Window *window)
{
    for (guint i = 0; i < MIN(walk->facts->events->len, EVENT_MAX); i++)
        if (!isnan(window->guest_count[i]))
            return false;
    return true;
}

static bool
nothing_counted(const Walk *walk, const Window *window)
{
    guint n = MIN(walk->facts->events->len, EVENT_MAX);

    for (guint i = 0; i < n; i++)
        if (window->verdict[i] <= VERDICT_SCALED)
            return false;
    return n > 0;
}

/* False: unreadable. `ret_excluded` is -1 for evidence. */
static bool
make_window(Walk *walk, Window *window, int *ret_excluded, GError **error)
{
    SeriesWindow guest, host, sched;
    bool has_host;

    *ret_excluded = -1;
    if (walk->guest && !series_window(walk->guest, window->start_ns, window->end_ns, &guest, error))
        return false;
    if (!series_window(walk->host, window->start_ns, window->end_ns, &host, error) ||
        !series_window(walk->sched, window->start_ns, window->end_ns, &sched, error))
        return false;

    has_host = host.flaw != SERIES_PARTIAL;
    if (walk->guest && guest.flaw != SERIES_WHOLE)
        *ret_excluded = (int) reason_of(guest.flaw);
    else if (has_host && host.flaw != SERIES_WHOLE)
        *ret_excluded = (int) reason_of(host.flaw);
    else if (!walk->guest && !has_host)
        *ret_excluded = EXCLUDED_PARTIAL;
    if (*ret_excluded >= 0)
        return true;

    window->run_ns = sched.flaw == SERIES_WHOLE ? sched.delta[0] : NAN;
    window->delay_ns = sched.flaw == SERIES_WHOLE ? sched.delta[1] : NAN;
    judge_window(walk, walk->guest ? &guest : NULL, has_host ? &host : NULL, window);
    if (walk->guest && nothing_counted(walk, window))
        *ret_excluded = window->by_turns && no_guest_count(walk, window) ? EXCLUDED_HOST_TURN
                                                                         : EXCLUDED_STARVED;
    return true;
}

/* How many windows from `at` on, it included, are left out for the same reason; a visit may
 * claim years without a row. */
static int64_t
alike_from(const Walk *walk, int64_t at)
{
    int64_t interval = walk->facts->run.interval_ns;
    int64_t left = (walk->target->visit->end_raw_ns - at) / interval;
    int64_t change = MIN(series_change_ns(walk->host, at), series_change_ns(walk->sched, at));

    if (walk->guest)
        change = MIN(change, series_change_ns(walk->guest, at));
    /* Rows count a moment before and behind their times too. */
    return CLAMP((change - at) / interval - 2, 1, left);
}

static bool
walk_grid(Walk *walk, WindowFunc each, void *data, Exclusions *exclusions, GError **error)
{
    const DatasetVisit *visit = walk->target->visit;
    int64_t interval = walk->facts->run.interval_ns, n;
    int64_t evidence = visit_evidence_from_ns(&walk->facts->run, visit);

    for (int64_t at = visit->start_raw_ns; visit->end_raw_ns - at >= interval; at += n * interval) {
        Window window = { .start_ns = at,
                          .end_ns = at + interval,
                          .t_seconds = (double) (at - visit->start_raw_ns) / 1e9 };
        int excluded = EXCLUDED_LOAD_START;

        if (at < evidence) {
            n = MIN((evidence - at - 1) / interval + 1, (visit->end_raw_ns - at) / interval);
        } else {
            if (!make_window(walk, &window, &excluded, error))
                return false;
            n = excluded >= 0 ? alike_from(walk, at) : 1;
        }
        if (excluded >= 0)
            exclusions->windows[excluded] += n;
        else if (!each(walk->target, &window, data, error))
            return false;
    }
    return true;
}

/* Whole visits that are no evidence are counted as the windows they would have been. */
static bool
is_left_out(const DatasetRun *run, const DatasetVisit *visit, Exclusions *exclusions)
{
    double pool = run->pool_cpus > 0 ? (double) run->pool_cpus : 1;
    double length;

    if (visit->start_raw_ns < 0 || visit->end_raw_ns <= visit->start_raw_ns ||
        visit->end_raw_ns >= FAR_NS)
        return true;

    length = (double) (visit->end_raw_ns - visit->start_raw_ns);
    if (!visit_is_whole(visit)) {
        exclusions->windows[EXCLUDED_UNFINISHED] += (uint64_t) (length / (double) run->interval_ns);
        return true;
    }
    if ((double) visit->foreign_ns > FOREIGN_SHARE * pool * length) {
        exclusions->windows[EXCLUDED_FOREIGN] += (uint64_t) (length / (double) run->interval_ns);
        return true;
    }
    if (visit->load_raw_ns != DATASET_UNKNOWN && visit->load_raw_ns < visit->start_raw_ns)
        exclusions->windows[EXCLUDED_SETTLING] +=
            (uint64_t) ((visit->start_raw_ns - visit->load_raw_ns) / run->interval_ns);
    return false;
}

bool
visit_walk(DatasetReader *reader, const WalkTarget *target, WindowFunc each, void *data,
           Exclusions *exclusions, GError **error)
{
    Walk walk = { .facts = dataset_reader_facts(reader), .target = target };
    bool ok;

    if (is_left_out(&walk.facts->run, target->visit, exclusions))
        return true;

    ok = open_walk(&walk, reader, error) && walk_grid(&walk, each, data, exclusions, error);
    close_walk(&walk);
    return ok;
}
