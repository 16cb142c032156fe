/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The vCPUs that are counted: all of the wanted guests', found anew at each look, so that guests
 * may start, stop, come back and plug vCPUs meanwhile.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/stat/stat_vcpu.h"

typedef struct StatWatch StatWatch;

/*
 * `domains` NULL or empty: every guest, also when there is none yet. A named one that does not run
 * is an error, which lists those that do; once found it may go and come back. Both arguments must
 * outlive the watch.
 */
StatWatch *stat_watch_new(const StatSetup *setup, const char *const *domains, GError **error);
void stat_watch_free(StatWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StatWatch, stat_watch_free)

/*
 * Looks who runs: opens what is new, marks what has gone. Errors: /proc cannot be read, a new
 * vCPU may not be counted. A thread that ends meanwhile is no error.
 */
bool stat_watch_look(StatWatch *watch, GError **error);

/* When counting began, of clock_raw_ns(); the times of windows count from here. */
int64_t stat_watch_begin_ns(const StatWatch *watch);

unsigned stat_watch_vcpus(const StatWatch *watch);

typedef void (*StatPrint)(const StatWindow *window, void *data);

/*
 * Hands each vCPU's window to `print`, by guest and vCPU in the order in which they were found,
 * then forgets those that have gone: that window was their last.
 */
bool stat_watch_print(StatWatch *watch, StatPrint print, void *data, GError **error);

/* A line for each guest of which something cannot be counted, since the last call; NULL: none.
 * Free with g_free(). */
char *stat_watch_take_notes(StatWatch *watch);
