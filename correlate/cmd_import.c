/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "common/base/failure.h"
#include "correlate/command.h"
#include "correlate/import_write.h"
#include "correlate/join.h"

#define DEFAULT_DROP_SECONDS 5.0
#define DEFAULT_SEARCH_SECONDS 30.0

static bool
parse_start(const char *text, int64_t *ret_wall_ns, GError **error)
{
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    g_autoptr(GDateTime) time = text ? g_date_time_new_from_iso8601(text, zone) : NULL;
    gint64 seconds = time ? g_date_time_to_unix(time) : 0;

    *ret_wall_ns = 0;
    if (text && (seconds <= 0 || seconds >= G_MAXINT64 / 1000000000))
        return failure_set(error, FAILURE_USAGE,
                           "--start wants a time as 2026-11-21T02:35:11, not “%s”", text);
    *ret_wall_ns = seconds * 1000000000;
    return true;
}

static bool
join(const char *host, const char *guest, const JoinOptions *options, const char *output,
     GError **error)
{
    JoinFit fit;

    if (!join_write(host, guest, options, output, &fit, error))
        return false;
    if (isnan(fit.correlation))
        printf("joined by the wall stamp alone, known within %.3f s\n", fit.bound_seconds);
    else
        printf("joined where the counts correlate best (%.3f), known within %.3f s\n",
               fit.correlation, fit.bound_seconds);
    return true;
}

bool
cmd_import(int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    g_autofree char *host = NULL;
    g_autofree char *guest = NULL;
    g_autofree char *start = NULL;
    double drop_seconds = DEFAULT_DROP_SECONDS;
    JoinOptions options = { .search_seconds = DEFAULT_SEARCH_SECONDS };
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "The dataset to write", "FILE" },
        { "drop", 0, 0, G_OPTION_ARG_DOUBLE, &drop_seconds,
          "The first part of each file that is no evidence (default 5)", "SECONDS" },
        { "join", 0, 0, G_OPTION_ARG_FILENAME, &host,
          "Put a guest's perf file beside this dataset of its host", "FILE" },
        { "guest", 0, 0, G_OPTION_ARG_STRING, &guest, "Which guest of that dataset", "NAME" },
        { "start", 0, 0, G_OPTION_ARG_STRING, &start, "When the guest's file began", "TIME" },
        { "search", 0, 0, G_OPTION_ARG_DOUBLE, &options.search_seconds,
          "How far the two clocks may differ (default 30)", "SECONDS" },
        { NULL },
    };
    g_autoptr(ImportIndex) index = NULL;

    if (!command_parse(
            "FILE",
            "Makes a dataset of perf stat files (CSV or JSON): FILE is an index of them, or "
            "with --join one guest's file.",
            entries, 1, 1, &argc, &argv, error) ||
        !parse_start(start, &options.started_wall_ns, error))
        return false;
    if (!output)
        return failure_set(error, FAILURE_USAGE, "wants -o FILE for the dataset");
    if (!(drop_seconds >= 0 && drop_seconds <= 86400) ||
        !(options.search_seconds >= 0 && options.search_seconds <= 86400))
        return failure_set(error, FAILURE_USAGE, "--drop and --search want 0 to 86400 seconds");

    options.guest_name = guest;
    if (host)
        return join(host, argv[1], &options, output, error);
    index = import_index_load(argv[1], error);
    return index && import_write(index, drop_seconds, output, error);
}
