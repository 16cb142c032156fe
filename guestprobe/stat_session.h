/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting in the stand-alone mode: what is counted, and the windows it falls into. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/sysroot.h"
#include "common/pmu/stat_window.h"
#include "guestprobe/counter_set.h"
#include "guestprobe/cpu_times.h"

typedef struct StatSession StatSession;

/*
 * Counts `events` of `command` (a process before its exec; 0: none) or of the whole guest. A
 * command of which only the emulated page could count is counted with the whole guest around it;
 * stat_session_note() says so.
 */
StatSession *stat_session_open(const Sysroot *root, CounterSource source, const char *const *events,
                               pid_t command, const PmuKernel *kernel, GError **error);
void stat_session_close(StatSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StatSession, stat_session_close)

/* Of all CPUs since boot, at the end of the last window. Call it after stat_session_next(), if at
 * all. */
bool stat_session_cpu_times(StatSession *session, CpuTimes *ret_times, GError **error);

CounterSource stat_session_source(const StatSession *session);

/* What a reader of the numbers must know: their source, what is not counted; "" when nothing. */
const char *stat_session_note(const StatSession *session);

/*
 * The window since the last one, or since the beginning. Counters that stood still under load
 * print as not counted, and are armed anew. `ret_window` points into the session.
 */
bool stat_session_next(StatSession *session, StatWindow *ret_window, GError **error);
