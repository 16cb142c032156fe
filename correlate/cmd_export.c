/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "common/base/failure.h"
#include "correlate/analysis.h"
#include "correlate/command.h"
#include "correlate/report/exit_writer.h"
#include "correlate/report/window_writer.h"

static bool
export_windows(const char *path, const char *format, FILE *out, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(path, error);
    g_autoptr(ClockTable) clocks = reader ? clock_table_new(reader, error) : NULL;
    g_autoptr(WindowWriter) writer = NULL;
    Exclusions exclusions = { 0 };

    if (!clocks)
        return false;
    writer = window_writer_new(format, dataset_reader_facts(reader), out, error);
    return writer &&
           analysis_walk(reader, clocks, true, window_writer_add, writer, &exclusions, error);
}

static bool
export_exits(const char *path, const char *format, FILE *out, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(path, error);

    return reader && exit_writer_write(reader, format, out, error);
}

bool
cmd_export(int argc, char **argv, GError **error)
{
    g_autofree char *format = NULL;
    g_autofree char *output = NULL;
    gboolean exits = FALSE;
    const GOptionEntry entries[] = {
        { "format", 'f', 0, G_OPTION_ARG_STRING, &format, "csv (default) or json", "FORMAT" },
        { "exits", 0, 0, G_OPTION_ARG_NONE, &exits,
          "VM exits by visit, vCPU and reason, not windows", NULL },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write to FILE, not stdout", "FILE" },
        { NULL },
    };
    FILE *out = stdout;
    bool ok;

    if (!command_parse("FILE",
                       "Writes the aligned windows of both views, one row each, without those that "
                       "are no evidence.",
                       entries, 1, 1, &argc, &argv, error))
        return false;

    if (format && !g_str_equal(format, "csv") && !g_str_equal(format, "json"))
        return failure_set(error, FAILURE_USAGE, "--format “%s”: want csv or json", format);
    if (output && !(out = fopen(output, "we")))
        return failure_set_errno(error, errno, "%s", output);
    ok = (exits ? export_exits : export_windows)(argv[1], format ? format : "csv", out, error);
    if ((output ? fclose(out) : fflush(out)) != 0 && ok)
        ok = failure_set_errno(error, errno, "%s", output ? output : "standard output");
    return ok;
}
