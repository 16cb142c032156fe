/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A command of correlate: what main() looks up, and what it hands over. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * argv[0] is the command's name. A command prints its result to stdout and never an error: false
 * with `error` set, and main() prints "correlate NAME: message" and maps the exit code.
 */
typedef bool (*CommandFunc)(int argc, char **argv, GError **error);

typedef struct {
    const char *name;
    CommandFunc run;
    const char *help; /* one line */
} Command;

extern const Command command_list[];
extern const size_t command_list_length;

/*
 * Parses a command's options (GOption; "--help" prints and exits 0). `usage` is what stands after
 * the command's name: "FILE"; `summary` says what it does. `least` and `most` bound the remaining
 * arguments, which are argv[1] … argv[*argc - 1] afterwards.
 */
bool command_parse(const char *usage, const char *summary, const GOptionEntry *entries, int least,
                   int most, int *argc, char ***argv, GError **error);

/* Writes `text` to `path`, or to stdout where it is NULL or "-". Replaces a file in one step. */
bool command_output(const char *path, const char *text, GError **error);

bool cmd_validate(int argc, char **argv, GError **error);
bool cmd_report(int argc, char **argv, GError **error);
bool cmd_export(int argc, char **argv, GError **error);
bool cmd_import(int argc, char **argv, GError **error);
bool cmd_learn(int argc, char **argv, GError **error);
bool cmd_judge(int argc, char **argv, GError **error);
bool cmd_rules(int argc, char **argv, GError **error);
bool cmd_list(int argc, char **argv, GError **error);
bool cmd_compare(int argc, char **argv, GError **error);
