/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Interrupts at a rate, and nothing else: each takes a CPU out of its guest and back, wakes nobody,
 * and lets no other task run. They are those of the high-resolution timer behind perf's event
 * cpu-clock, which needs no PMU; the sample that each would take has nowhere to go.
 */
#pragma once

#include <glib.h>
#include <sched.h>

typedef struct TimerInterrupts TimerInterrupts;

/* So many a second on each of `cpus`; 0 is fine. The kernel's shortest period is 10 µs. */
TimerInterrupts *timer_interrupts_start(unsigned per_second, const cpu_set_t *cpus, GError **error);
void timer_interrupts_end(TimerInterrupts *interrupts); /* accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TimerInterrupts, timer_interrupts_end)
