/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/perf_writer.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/base/failure.h"

#define NS_PER_SECOND 1000000000

struct PerfWriter {
    char *guest; /* NULL: not chosen yet */
    int64_t vcpu;
    FILE *out;
    int64_t first_ns, last_ns; /* where time begins; where the last window ended */
    uint64_t windows;
};

PerfWriter *
perf_writer_new(const DatasetFacts *facts, const char *guest, int64_t vcpu, FILE *out)
{
    PerfWriter *writer = g_new0(PerfWriter, 1);

    writer->guest = g_strdup(guest);
    writer->vcpu = vcpu;
    writer->out = out;
    if (facts->visits->len > 0)
        writer->first_ns = g_array_index(facts->visits, DatasetVisit, 0).start_raw_ns;
    writer->last_ns = writer->first_ns;
    return writer;
}

void
perf_writer_free(PerfWriter *writer)
{
    if (!writer)
        return;

    g_free(writer->guest);
    g_free(writer);
}

/* All fields but steal and busy time, which perf has no events for; as perf writes their names. */
static char *
event_of(int field)
{
    return field == GUEST_STEAL_NS || field == GUEST_BUSY_NS
               ? NULL
               : g_strdelimit(g_strdup(guest_field_columns[field]), "_", '-');
}

/* `counts` NULL: a stretch that was not counted, or is no evidence. */
static void
write_window(PerfWriter *writer, int64_t start_ns, int64_t end_ns, const double *counts)
{
    int64_t t_ns = end_ns - writer->first_ns;

    for (int f = 0; f < GUEST_FIELDS; f++) {
        g_autofree char *event = event_of(f);
        bool counted = counts && isfinite(counts[f]);

        if (!event)
            continue;
        fprintf(writer->out, "%" G_GINT64_FORMAT ".%09d,", t_ns / NS_PER_SECOND,
                (int) (t_ns % NS_PER_SECOND));
        if (counted)
            fprintf(writer->out, "%.17g", counts[f]);
        else
            fputs("<not counted>", writer->out);
        fprintf(writer->out, ",,%s,%" G_GINT64_FORMAT ",%s,,\n", event,
                counted ? end_ns - start_ns : 0, counted ? "100.00" : "0.00");
    }
}

static bool
is_wanted(PerfWriter *writer, const WalkTarget *target)
{
    if (!target->has_guest_view || target->vcpu != writer->vcpu)
        return false;
    if (!writer->guest)
        writer->guest = g_strdup(target->guest->name);
    return g_str_equal(writer->guest, target->guest->name);
}

bool
perf_writer_add(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    PerfWriter *writer = data;

    if (!is_wanted(writer, target))
        return true;
    if (window->start_ns > writer->last_ns)
        write_window(writer, writer->last_ns, window->start_ns, NULL);
    write_window(writer, window->start_ns, window->end_ns, window->guest.count);
    writer->last_ns = window->end_ns;
    writer->windows++;
    return !ferror(writer->out) || failure_set_errno(error, errno, "writing a window");
}

uint64_t
perf_writer_windows(const PerfWriter *writer)
{
    return writer->windows;
}
