/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/import_write.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>

#include "common/base/failure.h"
#include "common/dataset/writer.h"
#include "common/judge/perf_file.h"
#include "correlate/delay_series.h"
#include "correlate/stats/quantile.h"

#define FIRST_RAW_NS 1000000000000ll /* any moment: an imported run has a time line of its own */
#define GAP_NS 10000000000ll         /* between visits */
#define MAX_CONDITIONS 64

/* All events of all files share the tables' columns. */
typedef struct {
    const ImportIndex *index;
    DatasetWriter *writer;
    GPtrArray *events; /* char * */
    int64_t interval_ns;
    int64_t now_ns;
    int64_t guest_id;
    int64_t condition_ids[MAX_CONDITIONS];
    GPtrArray *conditions; /* char *, borrowed */
    guint position;
} Import;

/* Cumulative counts of one side. Each of the first events has a counter group of its own, the rest
 * share the last one: a group's times tell which counts were scaled, or never ran. */
typedef struct {
    double count[EVENT_MAX], enabled_ns[WRITER_GROUPS_MAX], running_ns[WRITER_GROUPS_MAX];
} Totals;

static unsigned
group_of(guint event)
{
    return MIN(event, WRITER_GROUPS_MAX - 1);
}

static void
add_window(const Import *import, const PerfFile *file, const PerfWindow *window, Totals *totals)
{
    double length = (window->end_seconds - window->start_seconds) * 1e9;
    double share[WRITER_GROUPS_MAX] = { 1, 1, 1, 1 };

    for (guint e = 0; e < import->events->len; e++) {
        int at = perf_file_event(file, import->events->pdata[e]);
        bool counted = at >= 0 && window->state[at] == PERF_COUNTED;
        double running = counted ? window->running_percent[at] / 100 : 0;

        share[group_of(e)] = fmin(share[group_of(e)], running);
        if (counted)
            totals->count[e] += window->value[at] * running;
    }
    for (unsigned g = 0; g < WRITER_GROUPS_MAX; g++) {
        totals->enabled_ns[g] += length;
        totals->running_ns[g] += length * share[g];
    }
}

static CounterCells
cells_of(const Import *import, const Totals *totals)
{
    CounterCells cells;

    for (guint e = 0; e < EVENT_MAX; e++)
        cells.counts[e] = e < import->events->len ? (uint64_t) totals->count[e] : ABSENT_U64;
    for (unsigned g = 0; g < WRITER_GROUPS_MAX; g++) {
        cells.enabled_ns[g] = (uint64_t) totals->enabled_ns[g];
        cells.running_ns[g] = (uint64_t) totals->running_ns[g];
    }
    return cells;
}

static bool
write_side(Import *import, int64_t visit_id, int64_t raw_ns, bool host, const Totals *totals,
           GError **error)
{
    const SampleKey key = { import->guest_id, 0, visit_id, { raw_ns, 0, raw_ns } };
    const HostSampleRow on_host = { key, "guest", cells_of(import, totals) };
    const GuestSampleRow in_guest = { key,        on_host.cells, ABSENT_U64,
                                      ABSENT_U64, ABSENT_U64,    ABSENT_U64 };

    return host ? writer_host_sample(import->writer, &on_host, error)
                : writer_guest_sample(import->writer, &in_guest, error);
}

static bool
write_file(Import *import, int64_t visit_id, const PerfFile *file, bool host, GError **error)
{
    Totals totals = { { 0 } };

    if (!write_side(import, visit_id, import->now_ns, host, &totals, error))
        return false;
    for (guint i = 0; i < file->windows->len; i++) {
        const PerfWindow *window = &g_array_index(file->windows, PerfWindow, i);

        add_window(import, file, window, &totals);
        if (!write_side(import, visit_id, import->now_ns + llround(window->end_seconds * 1e9), host,
                        &totals, error))
            return false;
    }
    return true;
}

static bool
write_delay(Import *import, int64_t visit_id, const char *name, GError **error)
{
    g_autofree char *path = import_index_file(import->index, name);
    g_autoptr(GArray) rows = delay_series_load(path, error);

    for (guint i = 0; rows && i < rows->len; i++) {
        const DelayRow *row = &g_array_index(rows, DelayRow, i);
        int64_t raw_ns = import->now_ns + llround(row->t_seconds * 1e9);
        const SchedSampleRow sample = { { import->guest_id, 0, visit_id, { raw_ns, 0, raw_ns } },
                                        (uint64_t) row->run_ns,
                                        (uint64_t) row->delay_ns,
                                        ABSENT_U64 };

        if (!writer_sched_sample(import->writer, &sample, error))
            return false;
    }
    return rows != NULL;
}

static PerfFile *
load(const Import *import, const char *name, GError **error)
{
    g_autofree char *path = import_index_file(import->index, name);

    return perf_file_load(path, -1, error);
}

/* With P known: N is the bulk guests' vCPUs and the micro guest's one; else load is what was said.
 */
static VisitRow
visit_of(const Import *import, const ImportStep *step, guint condition)
{
    int64_t pool = import->index->pool_cpus;
    VisitRow visit = visit_row_none;

    visit.condition_id = import->condition_ids[condition];
    visit.repeat = (uint64_t) step->repeat;
    visit.position = ++((Import *) import)->position;
    visit.kind = "step";
    visit.state = "running";
    visit.step_percent = visit.vp_percent = visit.load_percent = step->vp_percent;
    if (pool > 0) {
        visit.bulk_running = (uint64_t) lround(step->vp_percent / 100 * (double) pool);
        visit.runnable_vcpus = visit.bulk_running + 1;
        visit.load_percent = 100.0 * (double) visit.runnable_vcpus / (double) pool;
        visit.boundary = visit.runnable_vcpus == (uint64_t) pool + 1;
    }
    return visit;
}

static guint
condition_index(const Import *import, const char *name)
{
    for (guint i = 0; i < import->conditions->len; i++)
        if (g_str_equal(import->conditions->pdata[i], name))
            return i;
    return 0;
}

static bool
write_step(Import *import, const ImportStep *step, GError **error)
{
    g_autoptr(PerfFile) guest = load(import, step->guest, error);
    g_autoptr(PerfFile) host = guest && step->host ? load(import, step->host, error) : NULL;
    VisitRow visit = visit_of(import, step, condition_index(import, step->condition));
    const PerfWindow *last;

    if (!guest || (step->host && !host))
        return false;
    last = &g_array_index(guest->windows, PerfWindow, guest->windows->len - 1);
    visit.load_raw_ns = visit.start_raw_ns = import->now_ns;
    visit.end_raw_ns = import->now_ns + llround(last->end_seconds * 1e9);
    visit.start_wall_ns = visit.start_raw_ns;
    visit.end_wall_ns = visit.end_raw_ns;
    if (!writer_visit(import->writer, &visit, error) ||
        !write_file(import, visit.id, guest, false, error) ||
        (host && !write_file(import, visit.id, host, true, error)) ||
        (step->delay && !write_delay(import, visit.id, step->delay, error)))
        return false;
    visit.state = "done";
    import->now_ns = visit.end_raw_ns + GAP_NS;
    return writer_visit(import->writer, &visit, error);
}

/* What perf was asked for: its intervals come out a little longer, by what printing takes. */
static int64_t
interval_of(const PerfFile *file)
{
    g_autofree double *lengths = g_new(double, file->windows->len);
    double length, grain;

    for (guint i = 0; i < file->windows->len; i++) {
        const PerfWindow *window = &g_array_index(file->windows, PerfWindow, i);

        lengths[i] = (window->end_seconds - window->start_seconds) * 1e9;
    }
    length = median_of(lengths, file->windows->len);
    grain = length >= 1e8 ? 1e7 : 1e6;
    return llround(length / grain) * (int64_t) grain;
}

/* The first pass over the files: which events there are, and how long a window is. */
static bool
survey(Import *import, GError **error)
{
    for (guint i = 0; i < import->index->steps->len; i++) {
        const ImportStep *step = &g_array_index(import->index->steps, ImportStep, i);
        g_autoptr(PerfFile) file = load(import, step->guest, error);

        if (!file)
            return false;
        for (guint e = 0; e < file->events->len; e++)
            if (!g_ptr_array_find_with_equal_func(import->events, file->events->pdata[e],
                                                  g_str_equal, NULL))
                g_ptr_array_add(import->events, g_strdup(file->events->pdata[e]));
        if (import->events->len > EVENT_MAX)
            return failure_set(error, FAILURE_FAILED, "%s: more than %d events in all files",
                               step->guest, EVENT_MAX);

        if (i == 0)
            import->interval_ns = interval_of(file);
    }
    if (import->interval_ns < 1000000)
        return failure_set(error, FAILURE_FAILED, "%s: windows shorter than 1 ms",
                           import->index->path);
    return true;
}

static bool
write_frame(Import *import, double drop_seconds, GError **error)
{
    g_autofree char *name = g_path_get_basename(import->index->path);
    g_autofree char *uuid = g_uuid_string_random();
    const RunRow run = {
        .uuid = uuid,
        .name = name,
        .command = "import",
        .started_wall_ns = g_get_real_time() * 1000,
        .counters = "imported",
        .pool_cpus = import->index->pool_cpus ? (uint64_t) import->index->pool_cpus : ABSENT_U64,
        .pool_cores = ABSENT_U64,
        .housekeeping = ABSENT_U64,
        .interval_ns = (uint64_t) import->interval_ns,
        .settle_ns = 0,
        .drop_ns = (uint64_t) (drop_seconds * 1e9),
        .load = import->index->load,
        .cpu_model = import->index->cpu_model,
        .microcode = import->index->microcode,
    };
    GuestRow guest = guest_row_none;

    guest.name = "imported";
    guest.role = "micro";
    guest.vcpus = 1;
    return writer_run(import->writer, &run, error) &&
           writer_guest(import->writer, &guest, &import->guest_id, error);
}

static bool
write_conditions(Import *import, GError **error)
{
    for (guint i = 0; i < import->index->steps->len; i++) {
        char *name = g_array_index(import->index->steps, ImportStep, i).condition;
        const ConditionRow row = { .name = name };

        if (g_ptr_array_find_with_equal_func(import->conditions, name, g_str_equal, NULL))
            continue;
        if (import->conditions->len == MAX_CONDITIONS)
            return failure_set(error, FAILURE_FAILED, "%s: more than %d conditions",
                               import->index->path, MAX_CONDITIONS);
        if (!writer_condition(import->writer, &row, &import->condition_ids[import->conditions->len],
                              error))
            return false;
        g_ptr_array_add(import->conditions, name);
    }
    return true;
}

static bool
write_all(Import *import, double drop_seconds, GError **error)
{
    if (!writer_begin(import->writer, error) || !write_frame(import, drop_seconds, error) ||
        !write_conditions(import, error))
        return false;
    for (guint i = 0; i < import->index->steps->len; i++)
        if (!write_step(import, &g_array_index(import->index->steps, ImportStep, i), error))
            return false;
    return writer_commit(import->writer, error);
}

/* Under another name until it is whole: a file that is there is replaced in one step, or not at
 * all. */
static bool
write_file_whole(Import *import, const WriterEvent *columns, double drop_seconds, const char *path,
                 GError **error)
{
    g_autofree char *part = g_strconcat(path, ".part", NULL);
    bool ok =
        writer_open(part, WRITER_REPLACE, columns, import->events->len, &import->writer, error) &&
        write_all(import, drop_seconds, error) && writer_finish(import->writer, "complete", error);

    writer_free(import->writer);
    if (ok && g_rename(part, path) < 0)
        ok = failure_set_errno(error, errno, "%s", path);
    if (!ok)
        g_unlink(part);
    return ok;
}

bool
import_write(const ImportIndex *index, double drop_seconds, const char *path, GError **error)
{
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) conditions = g_ptr_array_new();
    WriterEvent columns[EVENT_MAX];
    Import import = {
        .index = index, .events = events, .conditions = conditions, .now_ns = FIRST_RAW_NS
    };

    if (!survey(&import, error))
        return false;
    for (guint e = 0; e < events->len; e++)
        columns[e] = (WriterEvent){ events->pdata[e], group_of(e) };
    return write_file_whole(&import, columns, drop_seconds, path, error);
}
