/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/pmu_cpus.h"

#include "tests/support/cmocka_all.h"

#define INTEL(model, stepping) \
    "vendor_id : GenuineIntel\ncpu family : 6\nmodel : " model "\nstepping : " stepping "\n"
#define AMD(family, model, flags) \
    "vendor_id : AuthenticAMD\ncpu family : " family "\nmodel : " model "\nflags : " flags "\n"

const PmuCpuCase pmu_cpus[] = {
    { "Haswell server, HT on", INTEL("63", "2"), true },
    { "Cascade Lake, HT on", INTEL("85", "7"), true },
    { "Cascade Lake, HT off in the firmware", INTEL("85", "7"), false },
    { "Ice Lake server", INTEL("106", "6"), true },
    { "Sapphire Rapids", INTEL("143", "8"), true },
    { "EPYC Zen 1", AMD("23", "1", "perfctr_core"), true },
    { "EPYC Zen 2", AMD("23", "49", "perfctr_core"), true },
    { "EPYC Zen 3", AMD("25", "1", "perfctr_core"), true },
    { "EPYC Zen 4", AMD("25", "17", "perfctr_core perfmon_v2"), true },
};
const size_t pmu_cpus_length = G_N_ELEMENTS(pmu_cpus);

static const char *const event_order[PMU_CPUS_MOST_EVENTS] = {
    "cycles", "instructions", "branches", "branch-misses", "cache-misses", "cache-references",
};

const PmuCpuCase *
pmu_cpus_find(const char *title)
{
    for (size_t i = 0; i < pmu_cpus_length; i++)
        if (g_str_equal(pmu_cpus[i].title, title))
            return &pmu_cpus[i];
    fail_msg("no CPU “%s” in tests/support/pmu_cpus.c", title);
    return NULL;
}

PmuCpu
pmu_cpus_pmu(const PmuCpuCase *cpu)
{
    g_autoptr(CpuInfo) info = cpuinfo_parse(cpu->cpuinfo, NULL);
    PmuCpu pmu;

    assert_non_null(info);
    assert_true(pmu_cpu_find(info, cpu->threads_share, &pmu));
    return pmu;
}

PmuCapacity
pmu_cpus_capacity(const PmuCpuCase *cpu)
{
    return pmu_cpus_pmu(cpu).capacity;
}

BudgetRequest
pmu_cpus_request(const PmuCpuCase *cpu, unsigned n, const char **events)
{
    uint32_t all = (1u << n) - 1;

    for (unsigned i = 0; i < n; i++)
        events[i] = event_order[i];
    events[n] = NULL;
    return (BudgetRequest){ .capacity = pmu_cpus_capacity(cpu),
                            .events = events,
                            .guest = all,
                            .host_of_guest = all,
                            .host = all };
}
