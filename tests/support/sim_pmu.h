/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A simulated kernel PMU behind the table of system calls (common/pmu/pmu_kernel.h), for machines
 * without one. It keeps the kernel's rules, not its code:
 *
 * - a hardware thread has general counters and fixed ones; a fixed one counts one thing only;
 * - when a thread gets a CPU, groups are placed in the order CPU-pinned, task-pinned, CPU-flexible,
 *   task-flexible, in each by age; a group is placed whole or not at all;
 * - a pinned group that finds no place is in error until it is enabled again, and reads as end of
 *   file; of flexible ones those after the first that found none wait too, and their list rotates
 *   at each tick;
 * - enabled and running time of a thread's events pass only while it has a CPU, in guest and in
 *   host mode alike; counts pass by the exclude bits; software events know neither mode;
 * - opening a group is judged against an empty PMU: it may open and never run;
 * - KVM counts for a guest with pinned events of guest mode on the vCPU's thread and never learns
 *   that one is in error: the guest sees a counter that stands still and believes it runs;
 * - under a mediated vPMU events that include guest mode are refused with EOPNOTSUPP while a guest
 *   runs, and keep one from starting (EBUSY) when they are there first; those of host mode leave
 *   guest time out of their own.
 *
 * Time is a number: nothing sleeps. Rates are constants, so what was really done is known.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/pmu/pmu_cpu.h"
#include "common/pmu/pmu_kernel.h"

typedef struct {
    PmuCapacity capacity; /* of each hardware thread */
    bool no_pmu;          /* hardware events: ENOENT */
    bool watchdog;        /* the NMI watchdog counts cycles on each CPU */
    bool mediated;        /* KVM was loaded with its mediated vPMU */
    int refuse_errno;     /* EACCES, EPERM: what the caller may not count; 0: may all */
    bool reserved;        /* somebody outside perf holds the PMU: EBUSY */
    unsigned max_fds;     /* descriptors that may be open; 0: no limit */
} SimPmuOptions;

typedef struct SimPmu SimPmu;

SimPmu *sim_pmu_new(const SimPmuOptions *options);
void sim_pmu_free(SimPmu *sim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimPmu, sim_pmu_free)

/* For PmuTarget.kernel; dies with `sim`. */
const PmuKernel *sim_pmu_kernel(const SimPmu *sim);

/* A thread that can be counted, until it ends (then ESRCH; its events stay readable). */
void sim_pmu_thread_starts(SimPmu *sim, pid_t tid);
void sim_pmu_thread_ends(SimPmu *sim, pid_t tid);

/* The thread has CPU `cpu` for so long, `guest_share` of it in guest mode, in small turns. */
void sim_pmu_run(SimPmu *sim, pid_t tid, int cpu, int64_t duration_ns, double guest_share);

/* Another program's event of cycles on a CPU, pinned or not; it stays. */
void sim_pmu_competitor(SimPmu *sim, int cpu, bool pinned);

/* The thread is a vCPU from now on. 0, or EBUSY as the start of a guest fails under mediation. */
int sim_pmu_guest_starts(SimPmu *sim, pid_t tid);

/*
 * The guest's own kernel programs its counters with these events (names, NULL-terminated, at most
 * what KVM gives it); NULL: none. Programming anew re-arms what was in error.
 */
void sim_pmu_guest_counts(SimPmu *sim, pid_t tid, const char *const *events);

/* What the guest reads of its i-th counter. Its enabled and running times are always equal. */
uint64_t sim_pmu_guest_value(const SimPmu *sim, pid_t tid, unsigned i);

/* How often the thread really did this so far, in guest or in host mode. */
uint64_t sim_pmu_truth(const SimPmu *sim, pid_t tid, const char *event, bool guest_mode);

/* True while more is placed on that CPU than there are counters: a fault of the simulation. */
bool sim_pmu_overfull(const SimPmu *sim);
