/* SPDX-License-Identifier: GPL-3.0-or-later */
/* guestprobe's command line. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/pmu/counter_source.h"

typedef struct {
    bool help, version, facts, agent; /* what to do; none of them: count */

    char **events; /* names, NULL-terminated, 1 to EVENT_MAX */
    CounterSource source;
    bool all_cpus;      /* the whole guest, even with a command */
    int interval_ms;    /* 0: one window only */
    double for_seconds; /* 0: until the command ends or a signal comes */
    char *separator;    /* NULL: no CSV */
    bool json;
    char *textfile; /* for node_exporter; NULL: none */
    char *output;   /* a file; NULL: standard output, with a command standard error */
    char **command; /* NULL or empty: none */

    char *judge;            /* a thresholds file; NULL: nothing is judged */
    char *from;             /* a file of windows, judged instead of counting; NULL: count */
    char *estimator;        /* NULL: any */
    char *cpu_model, *load; /* what is said of the guest; NULL: nothing */

    char *port; /* NULL: look for it */
    bool may_power_off;
    char *work; /* a kind of load to make; NULL: none */
} Options;

/* Takes the program's arguments; errors are about usage (exit code 2) and say what is right. */
bool options_parse(int argc, char **argv, Options *ret_options, GError **error);
void options_clear(Options *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

void options_print_help(FILE *out);
