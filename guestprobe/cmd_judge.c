/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "common/base/failure.h"
#include "common/base/text.h"
#include "common/judge/judge.h"
#include "guestprobe/cmd.h"

#define SUMMARY_BYTES_MAX 1024

static void
print_json(FILE *out, const Judgement *judgement)
{
    for (guint i = 0; i < judgement->windows->len; i++) {
        g_autofree char *line = judged_window_json(
            &judgement->judge, &g_array_index(judgement->windows, JudgedWindow, i));

        fprintf(out, "%s\n", line);
    }
}

static void
print_table(FILE *out, const Judgement *judgement)
{
    g_autofree char *summary = judge_summary(&judgement->judge);
    g_autofree char *printable = text_printable(summary, SUMMARY_BYTES_MAX);

    fprintf(out, "#        t s        value  verdict\n");
    for (guint i = 0; i < judgement->windows->len; i++) {
        const JudgedWindow *window = &g_array_index(judgement->windows, JudgedWindow, i);

        fprintf(out, "%12.3f ", window->t_seconds);
        if (isnan(window->value))
            fprintf(out, "%12s", "-");
        else
            fprintf(out, "%12.6g", window->value);
        fprintf(out, "  %s%s%s%s\n", judge_verdict_name(window->verdict),
                window->reason ? " (" : "", window->reason ? window->reason : "",
                window->reason ? ")" : "");
    }
    fprintf(out, "# %s\n", printable);
}

static bool
print(const char *path, const Judgement *judgement, bool json, GError **error)
{
    FILE *out = path ? fopen(path, "we") : stdout;
    int failed;

    if (!out)
        return failure_set_errno(error, errno, "%s", path);
    if (json)
        print_json(out, judgement);
    else
        print_table(out, judgement);
    failed = ferror(out) | (path ? fclose(out) : fflush(out));
    return !failed || failure_set_errno(error, errno, "writing %s", path ? path : "the verdicts");
}

int
cmd_judge(const Options *options, GError **error)
{
    g_autoptr(GArray) thresholds = thresholds_load(options->judge, error);
    g_autoptr(PerfFile) file = thresholds ? perf_file_load(options->from, -1, error) : NULL;
    g_autoptr(Judgement) judgement = NULL;
    ThresholdKey here;

    if (!file)
        return -1;
    here = threshold_key_said(options->cpu_model, options->load);
    judgement = judge_perf_file(file, thresholds, &here, options->estimator);
    threshold_key_clear(&here);
    if (!print(options->output, judgement, options->json, error))
        return -1;
    if (judge_is_overcommitted(&judgement->judge)) {
        failure_set(error, FAILURE_NO, "%s: overcommitted", options->from);
        return -1;
    }
    return 0;
}
