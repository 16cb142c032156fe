/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/failure.h"
#include "correlate/command.h"
#include "correlate/import_write.h"

#define DEFAULT_DROP_SECONDS 5.0

bool
cmd_import(int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    double drop_seconds = DEFAULT_DROP_SECONDS;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "The dataset to write", "FILE" },
        { "drop", 0, 0, G_OPTION_ARG_DOUBLE, &drop_seconds,
          "The first part of each file that is no evidence (default 5)", "SECONDS" },
        { NULL },
    };
    g_autoptr(ImportIndex) index = NULL;

    if (!command_parse("INDEX.json",
                       "Makes a dataset of perf stat files (CSV or JSON), one visit a step of the "
                       "index.",
                       entries, 1, 1, &argc, &argv, error))
        return false;
    if (!output)
        return failure_set(error, FAILURE_USAGE, "wants -o FILE for the dataset");
    if (drop_seconds < 0 || drop_seconds > 86400)
        return failure_set(error, FAILURE_USAGE, "--drop wants 0 to 86400 seconds");

    index = import_index_load(argv[1], error);
    return index && import_write(index, drop_seconds, output, error);
}
