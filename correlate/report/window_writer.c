/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/window_writer.h"

#include <errno.h>
#include <math.h>

#include "common/base/failure.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "correlate/estimate/estimator.h"

/* One row is a list of named cells: the names are made once, the cells for each window. */
struct WindowWriter {
    const DatasetFacts *facts;
    FILE *out;
    bool json;
    GPtrArray *names; /* char * */
    guint cell;       /* the next one of the present row */
};

static void
name(WindowWriter *writer, const char *format, const char *part)
{
    g_ptr_array_add(writer->names, g_strconcat(format, part, NULL));
}

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
        name(writer, fixed_names[i], NULL);
    for (guint i = 0; i < MIN(writer->facts->events->len, EVENT_MAX); i++) {
        const DatasetEvent *event = &g_array_index(writer->facts->events, DatasetEvent, i);

        name(writer, "guest_", event->column);
        name(writer, "host_", event->column);
        name(writer, "verdict_", event->column);
    }
    for (guint i = 0; i < ESTIMATOR_COUNT; i++)
        name(writer, estimator_list[i]->name, NULL);
}

WindowWriter *
window_writer_new(const char *format, const DatasetFacts *facts, FILE *out, GError **error)
{
    WindowWriter *writer;

    if (!g_str_equal(format, "csv") && !g_str_equal(format, "json")) {
        failure_set(error, FAILURE_USAGE, "unknown format “%s” (want csv or json)", format);
        return NULL;
    }
    writer = g_new0(WindowWriter, 1);
    writer->facts = facts;
    writer->out = out;
    writer->json = g_str_equal(format, "json");
    writer->names = g_ptr_array_new_with_free_func(g_free);
    make_names(writer);
    for (guint i = 0; !writer->json && i < writer->names->len; i++)
        fprintf(out, "%s%s", i ? "," : "", (char *) writer->names->pdata[i]);
    if (!writer->json)
        fputc('\n', out);
    return writer;
}

void
window_writer_free(WindowWriter *writer)
{
    if (!writer)
        return;

    g_ptr_array_unref(writer->names);
    g_free(writer);
}

static void
begin_cell(WindowWriter *writer)
{
    if (writer->json)
        fprintf(writer->out, "%s\"%s\":", writer->cell ? "," : "{",
                (char *) writer->names->pdata[writer->cell]);
    else if (writer->cell)
        fputc(',', writer->out);
    writer->cell++;
}

static void
put_text(WindowWriter *writer, const char *text)
{
    begin_cell(writer);
    if (writer->json) {
        g_autoptr(GString) quoted = g_string_new(NULL);

        json_append_string(quoted, text);
        fputs(quoted->str, writer->out);
    } else {
        g_autofree char *cell = text_csv_cell(text);

        fputs(cell, writer->out);
    }
}

/* Full precision; what is not known is empty in CSV and null in JSON. */
static void
put_number(WindowWriter *writer, double number)
{
    begin_cell(writer);
    if (isfinite(number))
        fprintf(writer->out, "%.17g", number);
    else if (writer->json)
        fputs("null", writer->out);
}

static void
put_integer(WindowWriter *writer, int64_t integer)
{
    begin_cell(writer);
    if (integer != DATASET_UNKNOWN)
        fprintf(writer->out, "%" G_GINT64_FORMAT, integer);
    else if (writer->json)
        fputs("null", writer->out);
}

static const char *
condition_name(const DatasetFacts *facts, int64_t id)
{
    for (guint i = 0; i < facts->conditions->len; i++)
        if (g_array_index(facts->conditions, DatasetCondition, i).id == id)
            return g_array_index(facts->conditions, DatasetCondition, i).name;
    return "";
}

static void
put_place(WindowWriter *writer, const WalkTarget *target)
{
    const DatasetVisit *visit = target->visit;

    put_text(writer, condition_name(writer->facts, visit->condition_id));
    put_integer(writer, visit->id);
    put_text(writer, visit->kind);
    put_integer(writer, visit->repeat);
    put_number(writer, visit->step_percent);
    put_number(writer, visit->vp_percent);
    put_number(writer, visit->load_percent);
    put_number(writer, visit->core_percent);
    put_integer(writer, visit->boundary);
    put_text(writer, target->guest->name);
    put_text(writer, target->guest->role);
    put_integer(writer, target->vcpu);
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
    double wanted = window->run_ns + window->delay_ns;

    writer->cell = 0;
    put_place(writer, target);
    put_number(writer, window->t_seconds);
    put_integer(writer, window->start_ns);
    put_integer(writer, window->end_ns - window->start_ns);
    put_text(writer, verdict_name(worst_verdict(writer->facts, window)));
    put_number(writer, window->run_ns);
    put_number(writer, window->delay_ns);
    put_number(writer, wanted > 0 ? window->delay_ns / wanted : NAN);
    for (guint i = 0; i < MIN(writer->facts->events->len, EVENT_MAX); i++) {
        put_number(writer, window->guest_count[i]);
        put_number(writer, window->host_count[i]);
        put_text(writer, verdict_name(window->verdict[i]));
    }
    for (guint i = 0; i < ESTIMATOR_COUNT; i++)
        put_number(writer, target->has_guest_view
                               ? estimator_value(estimator_list[i], &window->guest)
                               : NAN);
    fputs(writer->json ? "}\n" : "\n", writer->out);
    if (ferror(writer->out))
        return failure_set_errno(error, errno, "writing a window");
    return true;
}
