/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "common/base/failure.h"
#include "common/json/builder.h"
#include "correlate/analysis.h"
#include "correlate/command.h"
#include "correlate/comparison.h"
#include "correlate/report/text_table.h"

static char *
json_of(const GArray *rows, const char *a, const char *b)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_integer(builder, "format", 1);
    json_put_text(builder, "a", a);
    json_put_text(builder, "b", b);
    json_builder_set_member_name(builder, "differences");
    json_builder_begin_array(builder);
    for (guint i = 0; i < rows->len; i++) {
        const ComparisonRow *row = &g_array_index(rows, ComparisonRow, i);

        json_builder_begin_object(builder);
        json_put_text(builder, "name", row->number);
        json_put_text(builder, "condition", row->condition);
        json_put_number(builder, "vp_percent", row->vp_percent);
        json_put_integer(builder, "visits_a", row->visits_a);
        json_put_integer(builder, "visits_b", row->visits_b);
        json_put_number(builder, "mean_a", row->mean_a);
        json_put_number(builder, "mean_b", row->mean_b);
        json_put_number(builder, "difference", row->change.difference);
        json_put_number(builder, "low", row->change.low);
        json_put_number(builder, "high", row->change.high);
        json_put_number(builder, "p_value", row->change.p_value);
        json_put_number(builder, "p_holm", row->p_holm);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    return json_builder_text(builder, true);
}

static char *
text_of(const GArray *rows)
{
    static const char *const headings[] = { "<number", "<condition",   "V:P %",    "visits", "A",
                                            "B",       "B - A (95 %)", "change %", "p Holm", NULL };
    g_autoptr(TextTable) table = text_table_new(headings);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < rows->len; i++) {
        const ComparisonRow *row = &g_array_index(rows, ComparisonRow, i);
        g_autofree char *visits = g_strdup_printf("%u, %u", row->visits_a, row->visits_b);

        text_table_text(table, row->number);
        text_table_text(table, row->condition);
        text_table_number(table, 0, row->vp_percent);
        text_table_text(table, visits);
        text_table_number(table, -4, row->mean_a);
        text_table_number(table, -4, row->mean_b);
        text_table_interval(table, -3, row->change.difference, row->change.low, row->change.high);
        text_table_number(table, 1, 100 * row->change.difference / row->mean_a);
        text_table_number(table, 4, row->p_holm);
    }
    text_table_print(table, out);
    g_string_append(out,
                    "\nIntervals are over visits (Welch); levels with one visit on a side have "
                    "none. p is corrected for all rows (Holm).\n");
    return g_string_free(out, FALSE);
}

/* Numbers of a model and numbers of a CPU are no pair. */
static bool
can_be_compared(const Analysis *a, const Analysis *b, GError **error)
{
    bool of_a = g_str_equal(a->facts->run.counters, "emulated");
    bool of_b = g_str_equal(b->facts->run.counters, "emulated");

    if (of_a == of_b)
        return true;
    return failure_set(error, FAILURE_FAILED,
                       "%s has %s counters and %s has %s ones: a difference would mean nothing",
                       dataset_reader_path(a->reader), a->facts->run.counters,
                       dataset_reader_path(b->reader), b->facts->run.counters);
}

bool
cmd_compare(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        { NULL },
    };
    g_autoptr(Analysis) a = NULL;
    g_autoptr(Analysis) b = NULL;
    g_autoptr(GArray) rows = NULL;
    g_autofree char *text = NULL;

    if (!command_parse(
            "A B",
            "Compares two runs (before and after a microcode, a kernel, a setting), level "
            "by level.",
            entries, 2, 2, &argc, &argv, error))
        return false;
    if (!(a = analysis_scan(argv[1], error)) || !(b = analysis_scan(argv[2], error)) ||
        !can_be_compared(a, b, error))
        return false;
    rows = compare_runs(a->visits, b->visits);
    if (rows->len == 0)
        return failure_set(error, FAILURE_FAILED,
                           "%s and %s share no level: no condition of the same name at the same "
                           "V:P load",
                           argv[1], argv[2]);
    text = json ? json_of(rows, argv[1], argv[2]) : text_of(rows);
    return command_output(NULL, text, error);
}
