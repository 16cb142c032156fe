/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command of hostctl: what main() looks up, and what it hands over. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/base/sysroot.h"
#include "hostctl/interrupt.h"

typedef struct {
    const char *uri;      /* -c URI; NULL when not given: connection_default_uri(), or the plan's */
    const Sysroot *root;  /* --root DIR, else "/" */
    Interrupt *interrupt; /* every wait of a command ends when this fires */
    const char *const *words; /* the command and its arguments as they were given */
} CommandContext;

/*
 * argv[0] is the command's name; the global options are already taken out. A command parses its
 * options with GOptionContext into locals, prints its result to stdout and never an error:
 * false with `error` set, and main() prints "hostctl NAME: message" and maps the exit code.
 */
typedef bool (*CommandFunc)(const CommandContext *context, int argc, char **argv, GError **error);

typedef struct {
    const char *name;
    CommandFunc run;
    const char *help;    /* one line */
    const char *group;   /* heading in `hostctl --help` */
    const char *at_home; /* why not over another machine's libvirt; NULL: over it too */
} Command;

/* In the order of `hostctl --help`; commands of one group stand together. */
extern const Command command_list[];
extern const size_t command_list_length;

bool cmd_doctor(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_selftest(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_top(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_exporter(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_explain(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_guest(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_ksm(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_balloon(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_recover(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_stat(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_record(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_profile(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_status(const CommandContext *context, int argc, char **argv, GError **error);
bool cmd_run(const CommandContext *context, int argc, char **argv, GError **error);
