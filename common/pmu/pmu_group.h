/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events that the kernel schedules together, so that the ratio of any two is meaningful. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/event.h"
#include "common/pmu/pmu_event.h"
#include "common/pmu/pmu_kernel.h"

/* What is counted: one thread wherever it runs, or one CPU whatever it runs. */
typedef struct {
    pid_t tid;               /* a thread, 0: the caller; -1: a CPU is meant */
    int cpu;                 /* a CPU; -1: a thread is meant */
    bool inherit;            /* threads and processes that the thread will make count too */
    bool start_on_exec;      /* begin when the thread calls exec(3), not by pmu_group_enable() */
    const PmuKernel *kernel; /* NULL: the machine we run on; must outlive the group */
} PmuTarget;

/* Cumulative since the group was made. */
typedef struct {
    uint32_t n_values;
    uint64_t enabled_ns; /* time the group was switched on; of a thread: only while it had a CPU */
    uint64_t running_ns; /* time it really counted; less means multiplexing, none means starved */
    uint64_t values[EVENT_MAX]; /* raw, in the order in which the events were added */
} PmuReading;

typedef struct PmuGroup PmuGroup;

/* An empty group, switched off. */
PmuGroup *pmu_group_new(const PmuTarget *target);
void pmu_group_free(PmuGroup *group); /* closes every event */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PmuGroup, pmu_group_free)

/*
 * Opens one event more, never pinned. Returns 0, or the errno that forbids it with an error that
 * names the event, the thread or CPU, and what to do; the group is then as before and may go on
 * with the events it has. Add all events before the first pmu_group_enable().
 */
int pmu_group_add(PmuGroup *group, const PmuEvent *event, GError **error);

unsigned pmu_group_size(const PmuGroup *group);

bool pmu_group_enable(PmuGroup *group, GError **error);
bool pmu_group_disable(PmuGroup *group, GError **error);

/* Off and on again: makes a guest's kernel program its PMU anew, which ends a silent starvation. */
bool pmu_group_rearm(PmuGroup *group, GError **error);

/* One read(2) into the caller's struct, which is untouched on failure. Allocates nothing. */
bool pmu_group_read(PmuGroup *group, PmuReading *ret_reading, GError **error);
