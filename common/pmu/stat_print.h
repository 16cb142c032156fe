/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Windows as perf stat prints them: CSV and JSON column by column as the wanted perf does, the
 * table by its look. Behind perf's own come ours: in JSON "domain", "vcpu", "mode" (of a window
 * with a domain) and "source", of VM exits "exit-reason" and "exit-time-ns"; in CSV the first
 * three and the source, of such a window only, and with VM exits their time;
 * behind it, of a window that was judged, estimator, value, threshold, match and verdict.
 */
#pragma once

#include <glib.h>
#include <stdio.h>

#include "common/pmu/stat_window.h"

/* Versions of perf whose output differs. */
typedef enum {
    STAT_PERF_6_1, /* times in CSV are padded, metric-value is a number and always there */
    STAT_PERF_7_1, /* they are not; it is a string, and left out where there is no metric */
} StatPerf;

/* "6.1", "7.1"; an unknown one is an error of code FAILURE_USAGE. */
bool stat_perf_parse(const char *name, StatPerf *ret_perf, GError **error);

typedef struct {
    StatPerf perf;
    bool with_time;        /* -I was given, so each line begins with the window's end */
    const char *separator; /* of CSV */
    bool with_exits;       /* CSV has one column more: the time of VM exits, ns */
} StatStyle;

void stat_print_csv(FILE *out, const StatWindow *window, const StatStyle *style);
void stat_print_json(FILE *out, const StatWindow *window, const StatStyle *style);

/* `with_domain`: windows of vCPUs follow. */
void stat_print_table_head(FILE *out, bool with_domain);
void stat_print_table(FILE *out, const StatWindow *window, const StatStyle *style);
