/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keeps the probe on time while the guest is loaded to its limits. */
#pragma once

/*
 * Scheduling before all ordinary processes (SCHED_FIFO 1; what we fork is ordinary again), memory
 * that is not paged out, and not the first to die when memory ends. Each as far as it is permitted:
 * a probe without them works, only less punctually.
 */
void realtime_enter(void);

/* Of these the first alone, for the calling thread. */
void realtime_first(void);
