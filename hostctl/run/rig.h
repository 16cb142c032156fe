/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan fitted to this host: what "auto" comes to, how many guests, and whether they fit. */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "common/pmu/budget.h"
#include "common/pmu/counter_source.h"
#include "hostctl/collect/host_facts.h"
#include "hostctl/run/plan.h"
#include "hostctl/virt/accelerator.h"

typedef struct {
    const Sysroot *root; /* lent */
    Accelerator accelerator;
    char *accelerator_reason;
    CounterSource counters; /* never AUTO */
    char *counters_reason;
    BudgetLayout *layout; /* of hardware counters; NULL with any other */
    cpu_set_t pool;
    unsigned pool_cpus;  /* P */
    unsigned pool_cores; /* physical cores behind the pool */
    bool housekeeping;   /* at least one CPU is not in the pool */
    cpu_set_t kept_cpus; /* for hostctl, QEMU's own threads and interrupts; empty: not asked for */
    unsigned n_bulk;
    uint64_t guests_memory_kib;
    HostFacts *facts;
} Rig;

/*
 * Errors: an accelerator or counters that this host has not, a pool with CPUs that are not online,
 * housekeeping CPUs that are in the pool or none, a setting that this host has not,
 * a step that cannot be made of these guests and CPUs, guests that do not fit into memory.
 */
Rig *rig_new(const Plan *plan, const Sysroot *root, GError **error);
void rig_free(Rig *rig);

/* Where QEMU's own threads run; NULL: with the vCPUs. */
const cpu_set_t *rig_emulator_cpus(const Rig *rig);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rig, rig_free)
