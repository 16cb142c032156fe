/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program that is run for what it does to a file. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* By an argument vector, no shell. What it said on its standard error is the reason when it fails;
 * *ret_missing: there is no such program. */
bool tool_run(const char *const *argv, bool *ret_missing, GError **error);
