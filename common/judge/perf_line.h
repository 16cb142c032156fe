/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line that perf stat printed, of either generation: CSV (-x) or JSON (-j). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    PERF_COUNTED,
    PERF_NOT_COUNTED,   /* the counter never ran in this interval */
    PERF_NOT_SUPPORTED, /* there is no such counter */
} PerfState;

typedef struct {
    double t_seconds; /* end of the interval since perf began; NAN without -I */
    int cpu;          /* with -A; -1: all together */
    PerfState state;
    double value;           /* scaled to the whole interval; milliseconds become nanoseconds */
    double runtime_ns;      /* the counter's; NAN when not printed */
    double running_percent; /* of the interval; 100 when not printed */
    char event[64];         /* as perf wrote it: "cpu/cycles/u", "branch-misses:G" */
    char modifiers[16];     /* "u", "G", … */
    char name[64];          /* without PMU and modifiers: "cycles" */
} PerfLine;

typedef enum {
    PERF_LINE_COUNT,   /* a count: `line` is filled */
    PERF_LINE_NOTHING, /* blank, comment, summary, further metrics of the line before */
    PERF_LINE_UNKNOWN, /* no line of perf stat */
} PerfLineKind;

/* `separator` of CSV fields; 0: guessed from this line. A line of JSON begins with "{". */
PerfLineKind perf_line_parse(const char *text, char separator, PerfLine *ret_line);

/* The field separator that makes sense of a CSV line: one of ",;\t|", or 0. */
char perf_line_separator(const char *text);

/* Splits "cpu_core/branch-misses/uG" or "cycles:u" into name and modifiers. */
void perf_line_split_event(PerfLine *line);
