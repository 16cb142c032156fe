/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/near_name.h"
#include "common/json/builder.h"
#include "correlate/command.h"
#include "correlate/judge.h"
#include "correlate/report/text_table.h"

static void
print_json(const Judgement *judgement)
{
    for (guint i = 0; i < judgement->windows->len; i++) {
        const JudgedWindow *window = &g_array_index(judgement->windows, JudgedWindow, i);
        const Threshold *threshold = judgement->threshold;
        g_autoptr(JsonBuilder) builder = json_builder_new();
        g_autofree char *line = NULL;

        json_builder_begin_object(builder);
        json_put_number(builder, "t_seconds", window->t_seconds);
        json_put_text(builder, "estimator", threshold ? threshold->estimator->name : NULL);
        json_put_number(builder, "value", window->value);
        json_put_number(builder, "threshold", threshold ? threshold->threshold : NAN);
        json_put_text(builder, "match", threshold_match_name(judgement->match));
        json_put_text(builder, "verdict", judge_verdict_name(window->verdict));
        json_builder_end_object(builder);
        line = json_builder_text(builder, false);
        fputs(line, stdout);
    }
}

static void
print_text(const Judgement *judgement)
{
    static const char *const headings[] = { "t s", "value", "<verdict", NULL };
    g_autoptr(TextTable) table = text_table_new(headings);
    g_autoptr(GString) out = g_string_new(NULL);
    const Threshold *threshold = judgement->threshold;

    for (guint i = 0; i < judgement->windows->len; i++) {
        const JudgedWindow *window = &g_array_index(judgement->windows, JudgedWindow, i);

        text_table_number(table, 1, window->t_seconds);
        text_table_number(table, -5, window->value);
        text_table_text(table, judge_verdict_name(window->verdict));
    }
    text_table_print(table, out);
    fputs(out->str, stdout);
    if (!threshold)
        printf("\nNo threshold fits the counters that are there.\n");
    else
        printf("\n%u of %u known windows overcommitted by %s %s %.6g (match: %s%s)\n",
               judgement->overcommitted, judgement->known, threshold->estimator->name,
               threshold->above ? "above" : "below", threshold->threshold,
               threshold_match_name(judgement->match),
               g_strcmp0(threshold->key.counters, "emulated") == 0
                   ? "; the threshold is emulated, no fact about silicon"
                   : "");
}

static bool
is_dataset(const char *path)
{
    char head[16] = { 0 };
    FILE *file = fopen(path, "re");
    size_t n = file ? fread(head, 1, sizeof head, file) : 0;

    if (file)
        fclose(file);
    return n == sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0;
}

static bool
unknown_estimator(const char *name, GError **error)
{
    const char *names[ESTIMATOR_COUNT + 1] = { NULL };
    g_autofree char *list = NULL;
    const char *near;

    for (size_t i = 0; i < ESTIMATOR_COUNT; i++)
        names[i] = estimator_list[i]->name;
    near = near_name(name, names);
    if (near)
        return failure_set(error, FAILURE_USAGE, "“%s” is no estimator; did you mean “%s”?", name,
                           near);
    list = g_strjoinv(", ", (char **) names);
    return failure_set(error, FAILURE_USAGE, "“%s” is no estimator; there are %s", name, list);
}

bool
cmd_judge(int argc, char **argv, GError **error)
{
    g_autofree char *path = NULL;
    g_autofree char *estimator = NULL;
    g_autofree char *cpu_model = NULL;
    g_autofree char *load = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        { "thresholds", 't', 0, G_OPTION_ARG_FILENAME, &path, "What learn wrote", "FILE" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one object a window", NULL },
        { "estimator", 0, 0, G_OPTION_ARG_STRING, &estimator, "Judge by this one alone", "NAME" },
        { "cpu-model", 0, 0, G_OPTION_ARG_STRING, &cpu_model,
          "Of the guest that a perf file comes from", "TEXT" },
        { "load", 0, 0, G_OPTION_ARG_STRING, &load, "What ran there", "COMMAND" },
        { NULL },
    };
    g_autoptr(GArray) thresholds = NULL;
    g_autoptr(Judgement) judgement = NULL;
    ThresholdKey here;

    if (!command_parse(
            "FILE",
            "Applies learned thresholds to a dataset, or to what perf stat or guestprobe "
            "printed. Exit 3 when at least half of the known windows are overcommitted.",
            entries, 1, 1, &argc, &argv, error))
        return false;
    if (!path)
        return failure_set(error, FAILURE_USAGE, "wants --thresholds FILE");
    if (estimator && !estimator_find(estimator))
        return unknown_estimator(estimator, error);

    here = (ThresholdKey){ .cpu_model = cpu_model, .load = load };
    if (cpu_model && g_str_equal(cpu_model, "emupmu"))
        here.counters = (char *) "emulated";
    thresholds = thresholds_load(path, error);
    if (thresholds)
        judgement = is_dataset(argv[1])
                        ? judge_dataset(argv[1], thresholds, estimator, error)
                        : judge_perf_file(argv[1], thresholds, &here, estimator, error);
    if (!judgement)
        return false;
    if (json)
        print_json(judgement);
    else
        print_text(judgement);
    if (judgement_is_overcommitted(judgement))
        return failure_set(error, FAILURE_NO, "%s: overcommitted", argv[1]);
    return true;
}
