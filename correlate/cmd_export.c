/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "common/base/failure.h"
#include "correlate/analysis.h"
#include "correlate/command.h"
#include "correlate/report/exit_writer.h"
#include "correlate/report/perf_writer.h"
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

typedef struct {
    const char *path, *format, *guest;
    int vcpu;
    gboolean exits;
} ExportOptions;

static bool
export_perf(const ExportOptions *options, FILE *out, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(options->path, error);
    g_autoptr(ClockTable) clocks = reader ? clock_table_new(reader, error) : NULL;
    g_autoptr(PerfWriter) writer = NULL;
    Exclusions exclusions = { 0 };

    if (!clocks)
        return false;
    writer = perf_writer_new(dataset_reader_facts(reader), options->guest, options->vcpu, out);
    if (!analysis_walk(reader, clocks, false, perf_writer_add, writer, &exclusions, error))
        return false;
    return perf_writer_windows(writer) > 0 ||
           failure_set(error, FAILURE_FAILED,
                       "%s: no window of vCPU %d of %s with a view of its own", options->path,
                       options->vcpu, options->guest ? options->guest : "any guest");
}

static bool
export_exits(const char *path, const char *format, FILE *out, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(path, error);

    return reader && exit_writer_write(reader, format, out, error);
}

static bool
check(const ExportOptions *options, GError **error)
{
    bool perf = g_str_equal(options->format, "perf");

    if (!perf && !g_str_equal(options->format, "csv") && !g_str_equal(options->format, "json"))
        return failure_set(error, FAILURE_USAGE, "--format “%s”: want csv, json or perf",
                           options->format);
    if (perf && options->exits)
        return failure_set(error, FAILURE_USAGE, "--exits: perf has no format for it");
    if (!perf && (options->guest || options->vcpu))
        return failure_set(error, FAILURE_USAGE, "--guest and --vcpu belong to --format perf");
    return true;
}

static bool
write_rows(const ExportOptions *options, FILE *out, GError **error)
{
    if (g_str_equal(options->format, "perf"))
        return export_perf(options, out, error);
    return (options->exits ? export_exits : export_windows)(options->path, options->format, out,
                                                            error);
}

bool
cmd_export(int argc, char **argv, GError **error)
{
    g_autofree char *format = NULL;
    g_autofree char *output = NULL;
    g_autofree char *guest = NULL;
    ExportOptions options = { 0 };
    const GOptionEntry entries[] = {
        { "format", 'f', 0, G_OPTION_ARG_STRING, &format,
          "csv (default), json, or perf: the guest's counts as perf stat -x, prints them",
          "FORMAT" },
        { "guest", 0, 0, G_OPTION_ARG_STRING, &guest,
          "With perf: this one's (default: the first with a view of its own)", "NAME" },
        { "vcpu", 0, 0, G_OPTION_ARG_INT, &options.vcpu, "With perf: this vCPU's (default: 0)",
          "N" },
        { "exits", 0, 0, G_OPTION_ARG_NONE, &options.exits,
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

    options.path = argv[1];
    options.format = format ? format : "csv";
    options.guest = guest;
    if (!check(&options, error))
        return false;
    if (output && !(out = fopen(output, "we")))
        return failure_set_errno(error, errno, "%s", output);
    ok = write_rows(&options, out, error);
    if ((output ? fclose(out) : fflush(out)) != 0 && ok)
        ok = failure_set_errno(error, errno, "%s", output ? output : "standard output");
    return ok;
}
