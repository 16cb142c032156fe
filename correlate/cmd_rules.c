/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/base/failure.h"
#include "common/judge/threshold.h"
#include "correlate/command.h"
#include "correlate/rules.h"

static bool
holds_emulated(const GArray *thresholds)
{
    for (guint i = 0; i < thresholds->len; i++)
        if (g_strcmp0(g_array_index(thresholds, Threshold, i).key.counters, "emulated") == 0)
            return true;
    return false;
}

bool
cmd_rules(int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    gboolean emulated = FALSE;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write to FILE, not stdout", "FILE" },
        { "allow-emulated", 0, 0, G_OPTION_ARG_NONE, &emulated,
          "Write rules of emulated thresholds too; they are labelled", NULL },
        { NULL },
    };
    g_autoptr(GArray) thresholds = NULL;
    g_autofree char *document = NULL;
    guint skipped;

    if (!command_parse("THRESHOLDS",
                       "Writes Prometheus alerting rules for the thresholds of truth vp.", entries,
                       1, 1, &argc, &argv, error))
        return false;
    thresholds = thresholds_load(argv[1], error);
    if (!thresholds)
        return false;
    if (holds_emulated(thresholds) && !emulated)
        return failure_set(error, FAILURE_FAILED,
                           "%s: holds thresholds of emulated counters, which say nothing about any "
                           "real host (--allow-emulated writes them all the same)",
                           argv[1]);
    document = rules_document(thresholds, &skipped);
    return command_output(output, document, error);
}
