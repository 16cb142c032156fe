/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The CPUs whose counter budgets are documented, and what an experiment asks of them. */
#pragma once

#include "common/pmu/budget.h"

typedef struct {
    const char *title;
    const char *cpuinfo;
    bool threads_share;
} PmuCpuCase;

extern const PmuCpuCase pmu_cpus[];
extern const size_t pmu_cpus_length;

const PmuCpuCase *pmu_cpus_find(const char *title);

/* The CPU's PMU; fails the test when it is not in the table. */
PmuCpu pmu_cpus_pmu(const PmuCpuCase *cpu);
PmuCapacity pmu_cpus_capacity(const PmuCpuCase *cpu);

#define PMU_CPUS_MOST_EVENTS 6

/* The first `n` events of an experiment, each on all three sides. `events` has room for n + 1. */
BudgetRequest pmu_cpus_request(const PmuCpuCase *cpu, unsigned n, const char **events);
