/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/failure.h"
#include "correlate/command.h"
#include "correlate/report/json_document.h"
#include "correlate/report/text_document.h"

bool
cmd_validate(int argc, char **argv, GError **error)
{
    gboolean json = FALSE;
    g_auto(GStrv) controls = NULL;
    const GOptionEntry entries[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        { "control", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &controls,
          "Score this dataset of a control plan too (may be repeated)", "FILE" },
        { NULL },
    };
    g_autoptr(Analysis) analysis = NULL;
    g_autofree char *text = NULL;

    if (!command_parse("FILE",
                       "Checks a dataset: clocks, fidelity, the closed-form steal of every visit, "
                       "and every estimator against every truth. Exit 3 when a check failed.",
                       entries, 1, 1, &argc, &argv, error))
        return false;

    analysis = analysis_with_controls(argv[1], controls, error);
    if (!analysis)
        return false;
    text = json ? json_document(analysis) : text_document(analysis);
    if (!command_output(NULL, text, error))
        return false;
    if (!analysis_passes(analysis))
        return failure_set(error, FAILURE_NO,
                           "%s: a check failed: see the steal check and fidelity", argv[1]);
    return true;
}
