/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/join.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>

#include "common/base/failure.h"
#include "common/dataset/writer.h"
#include "correlate/join_fit.h"

static const DatasetGuest *
find_guest(const DatasetFacts *facts, const char *name, const char *path, GError **error)
{
    const DatasetGuest *found = NULL;

    for (guint i = 0; i < facts->guests->len; i++) {
        const DatasetGuest *guest = &g_array_index(facts->guests, DatasetGuest, i);

        if (name ? g_str_equal(guest->name, name) : true) {
            if (found && !name) {
                failure_set(error, FAILURE_USAGE,
                            "%s: holds several guests: say which with --guest", path);
                return NULL;
            }
            found = guest;
        }
    }
    if (!found)
        failure_set(error, FAILURE_FAILED, "%s: holds no guest “%s”", path, name ? name : "");
    return found;
}

/* The host's raw time of a wall time, from a row that has both. */
static bool
raw_of_wall(DatasetReader *reader, const DatasetGuest *guest, int64_t wall_ns, int64_t *ret_raw_ns,
            GError **error)
{
    static const char *const none[] = { NULL };
    static const DatasetSeries series[] = { DATASET_HOST_SAMPLES, DATASET_SCHED_SAMPLES };

    *ret_raw_ns = 0;
    for (guint i = 0; wall_ns > 0 && i < G_N_ELEMENTS(series); i++) {
        DatasetRow first, last;
        bool found;

        if (!dataset_reader_ends(reader, series[i], guest->id, 0, 0, INT64_MAX / 4, none, &first,
                                 &last, &found, error))
            return false;
        if (found && wall_ns < INT64_MAX / 4 && first.wall_ns > 0 &&
            first.wall_ns < INT64_MAX / 4) {
            *ret_raw_ns = first.raw_ns + (wall_ns - first.wall_ns);
            return true;
        }
    }
    return true;
}

typedef struct {
    DatasetReader *reader;
    const DatasetFacts *facts;
    const DatasetGuest *guest;
    const PerfFile *file;
    JoinFit fit;
    DatasetWriter *writer;
    int64_t guest_id, visit_id, end_raw_ns;
} Join;

/* The guest's counts in the host's columns; a group was only counted where all its events were. */
static void
add_window(const Join *join, const PerfWindow *window, CounterCells *cells)
{
    uint64_t length = (uint64_t) llround((window->end_seconds - window->start_seconds) * 1e9);
    double share[WRITER_GROUPS_MAX] = { 1, 1, 1, 1 };

    for (guint e = 0; e < MIN(join->facts->events->len, EVENT_MAX); e++) {
        const DatasetEvent *event = &g_array_index(join->facts->events, DatasetEvent, e);
        int at = perf_file_event(join->file, event->name);
        unsigned group = (unsigned) CLAMP(event->group, 0, WRITER_GROUPS_MAX - 1);
        bool counted = at >= 0 && window->state[at] == PERF_COUNTED;
        double running = counted ? window->running_percent[at] / 100 : 0;

        if (at < 0) {
            cells->counts[e] = ABSENT_U64;
            continue;
        }
        share[group] = fmin(share[group], running);
        cells->counts[e] += counted ? (uint64_t) llround(window->value[at] * running) : 0;
    }
    for (unsigned g = 0; g < WRITER_GROUPS_MAX; g++) {
        cells->enabled_ns[g] += length;
        cells->running_ns[g] += (uint64_t) llround((double) length * share[g]);
    }
}

static bool
write_guest(const Join *join, GError **error)
{
    GuestSampleRow row = { .key = { join->guest_id, 0, join->visit_id, { 0 } },
                           .steal_ns = ABSENT_U64,
                           .busy_ns = ABSENT_U64,
                           .canary_branches = ABSENT_U64,
                           .canary_misses = ABSENT_U64 };

    for (guint e = 0; e < MIN(join->facts->events->len, EVENT_MAX); e++)
        if (perf_file_event(join->file, g_array_index(join->facts->events, DatasetEvent, e).name) <
            0)
            row.cells.counts[e] = ABSENT_U64;
    for (guint i = 0; i <= join->file->windows->len; i++) {
        double t = 0;

        if (i > 0) {
            const PerfWindow *window = &g_array_index(join->file->windows, PerfWindow, i - 1);

            add_window(join, window, &row.cells);
            t = window->end_seconds;
        }
        row.key.stamp.raw_ns = join->fit.start_raw_ns + llround(t * 1e9);
        row.key.stamp.wall_ns = row.key.stamp.raw_ns;
        if (!writer_guest_sample(join->writer, &row, error))
            return false;
    }
    return true;
}

static const char *const time_columns[] = { "enabled_ns",   "running_ns",   "enabled_ns_1",
                                            "running_ns_1", "enabled_ns_2", "running_ns_2",
                                            "enabled_ns_3", "running_ns_3" };

static uint64_t
cell(const DatasetRow *row, guint column)
{
    return row->present & 1ull << column ? (uint64_t) row->value[column] : ABSENT_U64;
}

static bool
write_host_row(const Join *join, const DatasetRow *row, DatasetSeries series, GError **error)
{
    guint n = MIN(join->facts->events->len, EVENT_MAX);
    const SampleKey key = {
        join->guest_id, 0, join->visit_id, { row->raw_ns, row->tsc, row->wall_ns }
    };
    HostSampleRow sample = { .key = key,
                             .mode = series == DATASET_HOST_SAMPLES ? "guest" : "host" };

    if (series == DATASET_SCHED_SAMPLES)
        return writer_sched_sample(
            join->writer, &(SchedSampleRow){ key, cell(row, 0), cell(row, 1), cell(row, 2) },
            error);
    for (guint e = 0; e < n; e++)
        sample.cells.counts[e] = cell(row, e);
    for (guint g = 0; g < WRITER_GROUPS_MAX; g++) {
        sample.cells.enabled_ns[g] = cell(row, n + 2 * g);
        sample.cells.running_ns[g] = cell(row, n + 2 * g + 1);
    }
    return writer_host_sample(join->writer, &sample, error);
}

static bool
write_host_series(const Join *join, DatasetSeries series, GError **error)
{
    static const char *const sched_columns[] = { "run_ns", "delay_ns", "slices", NULL };
    const char *columns[EVENT_MAX + G_N_ELEMENTS(time_columns) + 1] = { NULL };
    guint n = 0;
    g_autoptr(DatasetCursor) cursor = NULL;
    GError *failure = NULL;
    DatasetRow row;

    for (guint e = 0; e < MIN(join->facts->events->len, EVENT_MAX); e++)
        columns[n++] = g_array_index(join->facts->events, DatasetEvent, e).column;
    for (guint i = 0; i < G_N_ELEMENTS(time_columns); i++)
        columns[n++] = time_columns[i];
    cursor = dataset_cursor_open(join->reader, series, join->guest->id, 0, join->fit.start_raw_ns,
                                 join->end_raw_ns,
                                 series == DATASET_SCHED_SAMPLES ? sched_columns : columns, error);
    while (cursor && dataset_cursor_next(cursor, &row, &failure))
        if (!write_host_row(join, &row, series, error))
            return false;
    if (failure)
        g_propagate_error(error, failure);
    return cursor && !failure;
}

static uint64_t
known_u64(int64_t value)
{
    return value == DATASET_UNKNOWN ? ABSENT_U64 : (uint64_t) value;
}

static bool
write_frame(Join *join, GError **error)
{
    const DatasetRun *run = &join->facts->run;
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *facts = g_strdup_printf(
        "{\"join_bound_ns\": %.0f, \"join_correlation\": %s%.6f}", join->fit.bound_seconds * 1e9,
        isnan(join->fit.correlation) ? "null, \"by_wall_stamp\": " : "",
        isnan(join->fit.correlation) ? 1.0 : join->fit.correlation);
    const RunRow row = { .uuid = uuid,
                         .name = run->name,
                         .command = "join",
                         .started_wall_ns = run->started_wall_ns,
                         .counters = run->counters,
                         .accelerator = run->accelerator,
                         .connect = run->connect,
                         .pool = run->pool,
                         .pool_cpus = known_u64(run->pool_cpus),
                         .pool_cores = known_u64(run->pool_cores),
                         .housekeeping = known_u64(run->housekeeping),
                         .interval_ns = (uint64_t) run->interval_ns,
                         .settle_ns = 0,
                         .drop_ns = 0,
                         .load = run->load,
                         .cpu_model = run->cpu_model,
                         .microcode = run->microcode,
                         .kernel = run->kernel,
                         .qemu = run->qemu,
                         .libvirt = run->libvirt,
                         .mitigations = run->mitigations,
                         .host_facts = run->host_facts };
    GuestRow guest = guest_row_none;

    guest.name = join->guest->name;
    guest.role = "micro";
    guest.uuid = join->guest->uuid;
    guest.vcpus = known_u64(join->guest->vcpus);
    guest.facts = facts;
    return writer_run(join->writer, &row, error) &&
           writer_guest(join->writer, &guest, &join->guest_id, error);
}

static bool
write_visit(Join *join, GError **error)
{
    const ConditionRow condition = { .name = "joined" };
    VisitRow visit = visit_row_none;

    if (!writer_condition(join->writer, &condition, &visit.condition_id, error))
        return false;
    visit.repeat = visit.position = 1;
    visit.kind = "step";
    visit.step_percent = 0;
    visit.state = "done";
    visit.start_raw_ns = join->fit.start_raw_ns;
    visit.end_raw_ns = join->end_raw_ns;
    if (!writer_visit(join->writer, &visit, error))
        return false;
    join->visit_id = visit.id;
    return true;
}

static bool
write_all(Join *join, GError **error)
{
    return writer_begin(join->writer, error) && write_frame(join, error) &&
           write_visit(join, error) && write_guest(join, error) &&
           write_host_series(join, DATASET_HOST_SAMPLES, error) &&
           write_host_series(join, DATASET_HOST_MODE_SAMPLES, error) &&
           write_host_series(join, DATASET_SCHED_SAMPLES, error) &&
           writer_commit(join->writer, error) && writer_finish(join->writer, "complete", error);
}

static bool
write_whole(Join *join, const char *path, GError **error)
{
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    WriterEvent columns[EVENT_MAX];
    guint n = MIN(join->facts->events->len, EVENT_MAX);
    bool ok;

    for (guint e = 0; e < n; e++) {
        const DatasetEvent *event = &g_array_index(join->facts->events, DatasetEvent, e);

        columns[e] =
            (WriterEvent){ event->name, (unsigned) CLAMP(event->group, 0, WRITER_GROUPS_MAX - 1) };
    }
    ok = writer_open(part, WRITER_REPLACE, columns, n, &join->writer, error) &&
         write_all(join, error);
    writer_free(join->writer);
    if (ok && g_rename(part, path) < 0)
        ok = failure_set_errno(error, errno, "%s", path);
    if (!ok)
        g_unlink(part);
    return ok;
}

bool
join_write(const char *host_path, const char *guest_path, const JoinOptions *options,
           const char *path, JoinFit *ret_fit, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(host_path, error);
    g_autoptr(PerfFile) file = reader ? perf_file_load(guest_path, -1, error) : NULL;
    g_autoptr(JoinHost) host = NULL;
    Join join = { .reader = reader, .file = file };
    int64_t wall, guess;
    int event;

    if (!file)
        return false;
    join.facts = dataset_reader_facts(reader);
    join.guest = find_guest(join.facts, options->guest_name, host_path, error);
    wall = options->started_wall_ns ? options->started_wall_ns : file->started_wall_ns;
    if (!join.guest || !raw_of_wall(reader, join.guest, wall, &guess, error) ||
        !(host = join_host_load(reader, join.guest, "cycles", error)))
        return false;

    event = perf_file_event(file, "cycles");
    if (!join_fit(host, file, event, guess, options->search_seconds, &join.fit))
        return failure_set(
            error, FAILURE_FAILED,
            "%s: cannot be found in %s: it has no start time (--start), and no shift "
            "makes its cycles follow the host's",
            guest_path, host_path);
    join.end_raw_ns =
        join.fit.start_raw_ns +
        llround(g_array_index(file->windows, PerfWindow, file->windows->len - 1).end_seconds * 1e9);
    *ret_fit = join.fit;
    return write_whole(&join, path, error);
}
