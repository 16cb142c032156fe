/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same events counted on every CPU of the guest, or about one command. */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "common/pmu/counter_turns.h"

typedef struct CounterSet CounterSet;

/*
 * One group of `events` (NULL-terminated) on each of `cpus`, all from the same source: AUTO is
 * decided on the first CPU. Errors as of counters_open(). `kernel` NULL: the machine we run on.
 */
CounterSet *counter_set_open(CounterSource source, const Sysroot *root, const cpu_set_t *cpus,
                             const char *const *events, const PmuKernel *kernel, GError **error);

/*
 * One group about process `pid`, which has not called exec(3) yet, and all that it will start; it
 * counts from that call on. Only the kernel can do that: the emulated source gives an error of code
 * FAILURE_UNSUPPORTED, and so does AUTO where counter_set_open() would take the page.
 */
CounterSet *counter_set_open_command(CounterSource source, const Sysroot *root, pid_t pid,
                                     const char *const *events, GError **error);

/*
 * One cycle of turns on each of `cpus`: in the phases of `layout` the events of their `guest` bits
 * count, in the first all of them. HARDWARE or SOFTWARE only. Errors as of counters_open().
 */
CounterSet *counter_set_open_turns(CounterSource source, const cpu_set_t *cpus,
                                   const char *const *events, const BudgetLayout *layout,
                                   const PmuKernel *kernel, GError **error);

void counter_set_close(CounterSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CounterSet, counter_set_close)

unsigned counter_set_size(const CounterSet *set);
int counter_set_cpu(const CounterSet *set, unsigned i); /* -1: a command */
/* Of a set with turns: those of the first phase, which count in that phase only. */
Counters *counter_set_at(const CounterSet *set, unsigned i);

/* Whether it counts by turns; and these begin anew. Nothing to do for a set without. */
bool counter_set_has_turns(const CounterSet *set);
bool counter_set_restart_turns(CounterSet *set, GError **error);

/*
 * Reads one member. With turns this is a tick of them, after so many windows: see
 * counter_turns_tick(). `ret_turn`: of the window that ended here, from 1; 0: none did, or there
 * are no turns.
 */
bool counter_set_read(CounterSet *set, unsigned i, uint64_t windows, CounterReading *ret_reading,
                      unsigned *ret_turn, GError **error);

/* The sum over all; an event that one of them has not counted is not counted. */
bool counter_set_read_sum(CounterSet *set, CounterReading *ret_sum, GError **error);

/* See counters_rearm(). */
bool counter_set_rearm(CounterSet *set, GError **error);
