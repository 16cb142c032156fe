/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/window_writer.h"

#include <math.h>

#include "common/estimate/estimator.h"
#include "correlate/report/row_writer.h"

struct WindowWriter {
    const DatasetFacts *facts;
    RowWriter *rows;
};

static const char *const fixed_names[] = {
    "condition",     "visit_id",     "kind",         "repeat",       "step_percent",
    "vp_percent",    "load_percent", "core_percent", "boundary",     "guest",
    "role",          "vcpu",         "t_seconds",    "start_raw_ns", "window_ns",
    "guest_verdict", "run_ns",       "delay_ns",     "delay_ratio",
};

static void
make_names(WindowWriter *writer)
{
    for (guint i = 0; i < G_N_ELEMENTS(fixed_names); i++)
        row_writer_name(writer->rows, fixed_names[i], NULL);
    for (guint i = 0; i < MIN(writer->facts->events->len, EVENT_MAX); i++) {
        const DatasetEvent *event = &g_array_index(writer->facts->events, DatasetEvent, i);

        row_writer_name(writer->rows, "guest_", event->column);
        row_writer_name(writer->rows, "host_", event->column);
        row_writer_name(writer->rows, "verdict_", event->column);
    }
    for (guint i = 0; i < ESTIMATOR_COUNT; i++)
        row_writer_name(writer->rows, estimator_list[i]->name, NULL);
}

WindowWriter *
window_writer_new(const char *format, const DatasetFacts *facts, FILE *out, GError **error)
{
    WindowWriter *writer;
    RowWriter *rows = row_writer_new(format, out, error);

    if (!rows)
        return NULL;
    writer = g_new0(WindowWriter, 1);
    writer->facts = facts;
    writer->rows = rows;
    make_names(writer);
    row_writer_heading(rows);
    return writer;
}

void
window_writer_free(WindowWriter *writer)
{
    if (!writer)
        return;

    row_writer_free(writer->rows);
    g_free(writer);
}

static void
put_place(WindowWriter *writer, const WalkTarget *target)
{
    const DatasetVisit *visit = target->visit;
    const DatasetCondition *condition = dataset_facts_condition(writer->facts, visit->condition_id);
    RowWriter *rows = writer->rows;

    row_writer_text(rows, condition ? condition->name : "");
    row_writer_integer(rows, visit->id);
    row_writer_text(rows, visit->kind);
    row_writer_integer(rows, visit->repeat);
    row_writer_number(rows, visit->step_percent);
    row_writer_number(rows, visit->vp_percent);
    row_writer_number(rows, visit->load_percent);
    row_writer_number(rows, visit->core_percent);
    row_writer_integer(rows, visit->boundary);
    row_writer_text(rows, target->guest->name);
    row_writer_text(rows, target->guest->role);
    row_writer_integer(rows, target->vcpu);
}

static Verdict
worst_verdict(const DatasetFacts *facts, const Window *window)
{
    Verdict worst = VERDICT_OK;

    for (guint i = 0; i < MIN(facts->events->len, EVENT_MAX); i++)
        worst = MAX(worst, window->verdict[i]);
    return worst;
}

bool
window_writer_add(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    WindowWriter *writer = data;
    RowWriter *rows = writer->rows;
    double wanted = window->run_ns + window->delay_ns;

    put_place(writer, target);
    row_writer_number(rows, window->t_seconds);
    row_writer_integer(rows, window->start_ns);
    row_writer_integer(rows, window->end_ns - window->start_ns);
    row_writer_text(rows, verdict_name(worst_verdict(writer->facts, window)));
    row_writer_number(rows, window->run_ns);
    row_writer_number(rows, window->delay_ns);
    row_writer_number(rows, wanted > 0 ? window->delay_ns / wanted : NAN);
    for (guint i = 0; i < MIN(writer->facts->events->len, EVENT_MAX); i++) {
        row_writer_number(rows, window->guest_count[i]);
        row_writer_number(rows, window->host_count[i]);
        row_writer_text(rows, verdict_name(window->verdict[i]));
    }
    for (guint i = 0; i < ESTIMATOR_COUNT; i++)
        row_writer_number(rows, target->has_guest_view
                                    ? estimator_value(estimator_list[i], &window->guest)
                                    : NAN);
    return row_writer_end(rows, error);
}
