/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "common/base/failure.h"
#include "common/base/text.h"
#include "correlate/command.h"
#include "correlate/learn.h"
#include "correlate/threshold_document.h"

static bool
parse_hold_out(const char *text, HoldOut *ret_hold_out, GError **error)
{
    static const char *const names[] = { "repeat", "load", "host" };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!text || g_str_equal(text, names[i])) {
            *ret_hold_out = (HoldOut) i;
            return true;
        }
    }
    return failure_set(error, FAILURE_USAGE, "--hold-out wants repeat, load or host, not “%s”",
                       text);
}

bool
cmd_learn(int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    g_autofree char *hold_out = NULL;
    g_autofree char *false_alarms = NULL;
    gboolean emulated = FALSE;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write to FILE, not stdout", "FILE" },
        { "hold-out", 0, 0, G_OPTION_ARG_STRING, &hold_out,
          "Score on whole repeats (default), loads or hosts that were not learned from", "WHAT" },
        { "false-alarms", 0, 0, G_OPTION_ARG_STRING, &false_alarms,
          "The most sensitive threshold with at most this share of false alarms (default: "
          "Youden's J)",
          "RATIO" },
        { "allow-emulated", 0, 0, G_OPTION_ARG_NONE, &emulated,
          "Learn from emulated counters too; the thresholds are marked", NULL },
        { NULL },
    };
    LearnOptions options = { .wished_false_alarms = NAN };
    g_autoptr(GArray) thresholds = NULL;
    g_autofree char *document = NULL;

    if (!command_parse("FILE…",
                       "Learns a threshold for every CPU, load and estimator, and scores each on "
                       "held-out data.",
                       entries, 1, -1, &argc, &argv, error) ||
        !parse_hold_out(hold_out, &options.hold_out, error))
        return false;
    if (false_alarms && (!text_to_double(false_alarms, &options.wished_false_alarms, NULL) ||
                         !(options.wished_false_alarms >= 0 && options.wished_false_alarms <= 1)))
        return failure_set(error, FAILURE_USAGE, "--false-alarms wants a number from 0 to 1");

    options.allow_emulated = emulated;
    thresholds = learn_thresholds(argv + 1, &options, error);
    if (!thresholds)
        return false;
    if (thresholds->len == 0)
        return failure_set(error, FAILURE_FAILED,
                           "no estimator can be learned: no windows are labelled both ways");
    document = thresholds_document(thresholds);
    return command_output(output, document, error);
}
