/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/command.h"

#include <errno.h>
#include <stdio.h>

#include "common/base/failure.h"
#include "common/base/option_parse.h"
#include "common/base/pace.h"

const Command command_list[] = {
    { "validate", cmd_validate,
      "clocks, fidelity, steal check, every estimator against the truth" },
    { "report", cmd_report, "the same with figures, as one HTML file" },
    { "export", cmd_export, "aligned windows, one row each, as CSV or JSON" },
    { "learn", cmd_learn, "thresholds per CPU, load and estimator, scored on held-out data" },
    { "judge", cmd_judge, "apply thresholds to a dataset or to perf stat's output" },
    { "rules", cmd_rules, "Prometheus alerting rules of thresholds" },
    { "import", cmd_import, "perf stat files of somebody's experiment, as a dataset" },
    { "list", cmd_list, "the datasets of a folder at a glance" },
    { "compare", cmd_compare, "differences between two runs, with intervals" },
};
const size_t command_list_length = G_N_ELEMENTS(command_list);

bool
command_parse(const char *usage, const char *summary, const GOptionEntry *entries, int least,
              int most, int *argc, char ***argv, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(usage);
    g_autofree char *program = g_strdup_printf("correlate %s", (*argv)[0]);

    g_set_prgname(program);
    g_option_context_set_summary(context, summary);
    if (entries)
        g_option_context_add_main_entries(context, entries, NULL);
    if (!option_parse(context, argc, argv, error))
        return false;
    if (*argc > 1 && g_str_equal((*argv)[1], "--")) {
        (*argv)++;
        (*argc)--;
    }
    if (*argc - 1 < least)
        return failure_set(error, FAILURE_USAGE, "wants %s", usage);
    if (most >= 0 && *argc - 1 > most)
        return failure_set(error, FAILURE_USAGE, "“%s” is too much: wants %s", (*argv)[most + 1],
                           usage);
    return true;
}

bool
command_output(const char *path, const char *text, GError **error)
{
    pace_end();
    if (path && !g_str_equal(path, "-"))
        return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
                                        error);
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
        return failure_set_errno(error, errno, "writing to standard output");
    return true;
}
