/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file that perf stat (or guestprobe) wrote: its windows, event by event. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/event.h"
#include "common/judge/perf_line.h"

typedef struct {
    double start_seconds, end_seconds; /* since perf began */
    PerfState state[EVENT_MAX];
    double value[EVENT_MAX];           /* scaled; NAN unless counted */
    double running_percent[EVENT_MAX]; /* the least of the lines that were added up */
} PerfWindow;

typedef struct {
    GPtrArray *events;          /* char *: names without PMU and modifiers */
    GArray *windows;            /* PerfWindow, ascending */
    guint lines, unknown_lines; /* with counts; of something else */
    gint64 started_wall_ns; /* "# started on …", taken for this machine's time zone; 0: not said */
} PerfFile;

/*
 * All CPUs, threads or cores of a window are added up; with -A and `cpu` >= 0 only that CPU's lines
 * count. Without -I the whole file is one window as long as its longest run time. Errors: nothing
 * that perf printed, more than half of the lines unknown, more than EVENT_MAX events, time going
 * backwards.
 */
PerfFile *perf_file_load(const char *path, int cpu, GError **error);
PerfFile *perf_file_parse(const char *name, const char *text, int cpu, GError **error);
void perf_file_free(PerfFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PerfFile, perf_file_free)

/* -1 when the file has no such event. */
int perf_file_event(const PerfFile *file, const char *name);
