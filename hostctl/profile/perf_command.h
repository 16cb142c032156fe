/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command lines of perf kvm, as perf 5.x, 6.x and 7.x take them: arguments, never a shell. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "hostctl/interrupt.h"

typedef struct {
    const char *kallsyms, *modules; /* files of the guest */
    const char *data;               /* what perf writes, and reads again */
    const char *event;
    pid_t pid; /* of QEMU */
    double seconds;
} PerfCommand;

/* `program` is perf's path. Free with g_strfreev(). */
char **perf_command_record(const PerfCommand *command, const char *program);

/* What reads it again, quoted for a shell: people copy it. Free with g_free(). */
char *perf_command_report(const PerfCommand *command);

/*
 * Runs it until it ends. A signal that comes meanwhile is handed on to it, once, and it has a
 * minute to write what it has; *ret_stopped says so. It ends with us, should we be killed; its
 * standard output goes where its errors go. Errors: it cannot be started, or it fails without a
 * signal.
 */
bool perf_command_run(char **argv, const Interrupt *interrupt, bool *ret_stopped, GError **error);
