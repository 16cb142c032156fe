/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "common/base/failure.h"
#include "common/base/text.h"
#include "correlate/command.h"
#include "correlate/judge.h"
#include "correlate/report/text_table.h"

#define SUMMARY_BYTES_MAX 1024

static void
print_json(const Judgement *judgement)
{
    for (guint i = 0; i < judgement->windows->len; i++) {
        g_autofree char *line = judged_window_json(
            &judgement->judge, &g_array_index(judgement->windows, JudgedWindow, i));

        printf("%s\n", line);
    }
}

static void
print_text(const Judgement *judgement)
{
    static const char *const headings[] = { "t s", "value", "<verdict", NULL };
    g_autoptr(TextTable) table = text_table_new(headings);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *summary = judge_summary(&judgement->judge);
    g_autofree char *printable = text_printable(summary, SUMMARY_BYTES_MAX);

    for (guint i = 0; i < judgement->windows->len; i++) {
        const JudgedWindow *window = &g_array_index(judgement->windows, JudgedWindow, i);

        text_table_number(table, 1, window->t_seconds);
        text_table_number(table, -5, window->value);
        text_table_text(table, judge_verdict_name(window->verdict));
    }
    text_table_print(table, out);
    printf("%s\n%s\n", out->str, printable);
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

static Judgement *
judge_file(const char *path, const GArray *thresholds, const ThresholdKey *here,
           const char *estimator, GError **error)
{
    g_autoptr(PerfFile) file = NULL;

    if (is_dataset(path))
        return judge_dataset(path, thresholds, estimator, error);
    file = perf_file_load(path, -1, error);
    return file ? judge_perf_file(file, thresholds, here, estimator) : NULL;
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
    if (estimator && !estimator_known(estimator, error))
        return false;

    thresholds = thresholds_load(path, error);
    if (!thresholds)
        return false;
    here = threshold_key_said(cpu_model, load);
    judgement = judge_file(argv[1], thresholds, &here, estimator, error);
    threshold_key_clear(&here);
    if (!judgement)
        return false;
    if (json)
        print_json(judgement);
    else
        print_text(judgement);
    if (judge_is_overcommitted(&judgement->judge))
        return failure_set(error, FAILURE_NO, "%s: overcommitted", argv[1]);
    return true;
}
