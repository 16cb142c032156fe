/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/moment.h"
#include "common/base/progress.h"
#include "common/base/text.h"
#include "common/json/builder.h"
#include "hostctl/command.h"
#include "hostctl/run/run_record.h"
#include "hostctl/subcommand.h"

#define LOG_LINES 5

static void
add_run(JsonBuilder *builder, const RunRecord *record)
{
    int64_t left_ns = run_record_left_ns(record, clock_wall_ns());
    g_autofree char *started = moment_print_utc(record->started_wall_ns);
    g_autofree char *updated = moment_print_utc(record->updated_wall_ns);

    json_builder_begin_object(builder);
    json_put_text(builder, "id", record->id);
    json_put_text(builder, "state", run_record_state(record));
    json_put_text(builder, "plan", record->plan);
    json_put_text(builder, "dataset", record->dataset);
    json_put_text(builder, "log", record->log);
    json_put_u64(builder, "pid", (uint64_t) record->pid);
    json_put_text(builder, "started", started);
    json_put_text(builder, "updated", updated);
    json_put_u64(builder, "visits_done", (uint64_t) record->visits_done);
    json_put_u64(builder, "visits_total", (uint64_t) record->visits_total);
    json_put_u64(builder, "left_seconds",
                 left_ns < 0 ? UINT64_MAX : (uint64_t) (left_ns / NS_PER_SECOND));
    json_put_text(builder, "message", record->message);
    json_builder_end_object(builder);
}

static void
print_json(const GPtrArray *records)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_u64(builder, "format", 1);
    json_builder_set_member_name(builder, "runs");
    json_builder_begin_array(builder);
    for (guint i = 0; i < records->len; i++)
        add_run(builder, records->pdata[i]);
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    json_print(builder, stdout);
}

static void
print_line(const RunRecord *record)
{
    int64_t left_ns = run_record_left_ns(record, clock_wall_ns());
    g_autofree char *left = left_ns < 0 ? g_strdup("-") : progress_duration(left_ns);
    g_autofree char *visits = g_strdup_printf("%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT,
                                              record->visits_done, record->visits_total);
    g_autofree char *message = text_printable(record->message, 200);

    printf("%-20s %-11s %-9s %-11s %s\n", record->id, run_record_state(record), visits, left,
           message);
}

static void
print_log_end(const char *path)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    guint n;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    lines = g_strsplit(g_strchomp(text), "\n", -1);
    n = g_strv_length(lines);
    for (guint i = n > LOG_LINES ? n - LOG_LINES : 0; i < n; i++) {
        g_autofree char *line = text_printable(lines[i], 500);

        printf("  | %s\n", line);
    }
}

static void
print_one(const RunRecord *record)
{
    const char *state = run_record_state(record);
    int64_t left_ns = run_record_left_ns(record, clock_wall_ns());
    g_autofree char *left = left_ns < 0 ? NULL : progress_duration(left_ns);
    g_autofree char *started = moment_print(record->started_wall_ns);
    g_autofree char *message = text_printable(record->message, 1000);

    printf("run      %s: %s%s%s\n", record->id, state, left ? ", left: " : "", left ? left : "");
    printf("visits   %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT "\n", record->visits_done,
           record->visits_total);
    printf("now      %s\n", message);
    printf("began    %s\n", started);
    printf("plan     %s\n", record->plan);
    printf("dataset  %s\n", record->dataset);
    printf("log      %s\n", record->log);
    print_log_end(record->log);
    if (left || g_str_equal(state, "starting") || g_str_equal(state, "running"))
        printf("end it with: kill %" G_GINT64_FORMAT "\n", record->pid);
    else if (g_str_equal(state, "killed"))
        printf("it was killed: the next run puts back what it left, or hostctl recover\n");
}

/* Leaves the one record of that id; the error names those that are there. */
static bool
choose(GPtrArray *records, const char *id, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);

    for (guint i = 0; i < records->len; i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "",
                               ((const RunRecord *) records->pdata[i])->id);
    for (guint i = records->len; i > 0; i--)
        if (!g_str_equal(((const RunRecord *) records->pdata[i - 1])->id, id))
            g_ptr_array_remove_index(records, i - 1);
    return records->len > 0 ||
           failure_set(error, FAILURE_FAILED, "no detached run “%s”; there are: %s", id,
                       known->len ? known->str : "none");
}

bool
cmd_status(const CommandContext *context, int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(State) state = NULL;
    g_autoptr(GPtrArray) records = NULL;

    g_set_prgname("hostctl status");
    if (!subcommand_parse("[ID] - what detached runs are doing, and when they end", entries, 0, 1,
                          &argc, &argv, error))
        return false;
    state = state_open(error);
    if (!state)
        return false;
    records = run_record_list(state);
    if (argc > 1 && !choose(records, argv[1], error))
        return false;
    if (json)
        print_json(records);
    else if (argc > 1)
        print_one(records->pdata[0]);
    else
        for (guint i = 0; i < records->len; i++)
            print_line(records->pdata[i]);
    if (!json && records->len == 0)
        printf("no detached runs\n");
    return true;
}
