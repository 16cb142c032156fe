/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One vCPU's VM exits by reason, as rows beside its counts. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/pmu/stat_window.h"
#include "hostctl/exits/exits.h"

typedef struct StatExits StatExits;

/*
 * Watches the thread, whose exits count from now on; `exits` must outlive it. NULL without an error
 * when it has room for no more threads.
 */
StatExits *stat_exits_new(Exits *exits, pid_t thread, GError **error);
void stat_exits_free(StatExits *reasons);

/*
 * One row for each reason that occurred since the last call, as of the last exits_read(): the
 * longest time first, beyond STAT_EXIT_ROWS_MAX the rest as one. Returns how many; texts in them
 * live until the next call.
 */
unsigned stat_exits_rows(StatExits *reasons, StatRow rows[STAT_EXIT_ROWS_MAX]);
