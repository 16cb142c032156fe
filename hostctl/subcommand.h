/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Commands that have verbs: `hostctl ksm show`, `hostctl ksm set KEY=VALUE`. */
#pragma once

#include "hostctl/command.h"

/*
 * Runs the verb at argv[1] with argv shifted by one. `--help` lists the verbs on stdout; no verb
 * or an unknown one is FAILURE_USAGE. The verbs' `group` is not used.
 */
bool subcommand_run(const CommandContext *context, const Command *verbs, size_t n, int argc,
                    char **argv, GError **error);

/*
 * Parses the verb's own options; what is left in argv are its operands, at most `max_operands`,
 * and at least `min_operands`. `usage` stands after "hostctl COMMAND VERB" ("[OPTION…] NAME -
 * provision a guest").
 */
bool subcommand_parse(const char *usage, const GOptionEntry *options, int min_operands,
                      int max_operands, int *argc, char ***argv, GError **error);
