/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What guestprobe's main() can do. Each returns the exit code, with
 * an error where there is something to say, or -1 with an error that decides the code. */
#pragma once

#include <glib.h>

#include "guestprobe/options.h"

int cmd_agent(const Options *options, GError **error);
int cmd_work(const Options *options, GError **error);
int cmd_judge(const Options *options, GError **error); /* windows of a file */
int cmd_stat(const Options *options, GError **error);
