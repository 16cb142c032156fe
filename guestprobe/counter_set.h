/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The same events counted on every CPU of the guest, or about one command. */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "common/pmu/counter_source.h"

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

void counter_set_close(CounterSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CounterSet, counter_set_close)

unsigned counter_set_size(const CounterSet *set);
int counter_set_cpu(const CounterSet *set, unsigned i); /* -1: a command */
Counters *counter_set_at(const CounterSet *set, unsigned i);

/* The sum over all; an event that one of them has not counted is not counted. */
bool counter_set_read_sum(CounterSet *set, CounterReading *ret_sum, GError **error);

/* See counters_rearm(). */
bool counter_set_rearm(CounterSet *set, GError **error);
