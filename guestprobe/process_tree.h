/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All processes that descend from one, to end them all. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/*
 * The process ids of what `root` started, directly or not; not of zombies, nor of `root` itself.
 * Free with g_array_unref(). Where `root` is a child subreaper nothing escapes by a double fork.
 */
GArray *process_tree_descendants(pid_t root);

/* "sh (12), sleep (13)", at most the first few; for messages. Free with g_free(). */
char *process_tree_describe(const GArray *pids);

/* Takes pid, parent and state from the text of /proc/PID/stat, whatever its command's name holds.
 */
bool process_stat_parse(const char *text, pid_t *ret_parent, char *ret_state);
