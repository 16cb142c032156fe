/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/rig.h"

#include <math.h>

#include "common/base/cpuset.h"
#include "common/base/failure.h"
#include "hostctl/collect/kvm_pmu.h"
#include "hostctl/collect/memory.h"
#include "hostctl/run/counter_layout.h"
#include "hostctl/run/host_settings.h"
#include "hostctl/run/plan_check.h"
#include "hostctl/run/rig_step.h"

static bool
resolve_accelerator(Rig *rig, const Plan *plan, const Sysroot *root, GError **error)
{
    static const char *const wanted[] = { "auto", "kvm", "tcg" };

    if (accelerator_choose(root, wanted[plan->accelerator], &rig->accelerator,
                           &rig->accelerator_reason, error))
        return true;
    g_prefix_error(error, "%s: $.accelerator: ", plan->path);
    return false;
}

/*
 * Hardware events on a TCG vCPU thread would count QEMU's own work, not the guest's; the emulated
 * page exists under TCG only.
 */
static bool
resolve_counters(Rig *rig, const Plan *plan, GError **error)
{
    bool kvm = rig->accelerator == ACCELERATOR_KVM;

    switch (plan->counters) {
    case PLAN_COUNTERS_AUTO:
        rig->counters = !kvm              ? COUNTER_SOURCE_EMULATED
                        : rig->facts->pmu ? COUNTER_SOURCE_HARDWARE
                                          : COUNTER_SOURCE_SOFTWARE;
        rig->counters_reason = g_strdup(!kvm              ? "guests are translated, not run by KVM"
                                        : rig->facts->pmu ? "KVM and a PMU are there"
                                                          : "KVM is there, a PMU is not");
        return true;
    case PLAN_COUNTERS_HARDWARE:
        if (!kvm || !rig->facts->pmu)
            return failure_set(
                error, FAILURE_FAILED,
                "%s: $.counters: hardware counters need KVM and a PMU, and this host "
                "has no %s (use \"emulated\" with \"accelerator\": \"tcg\")",
                plan->path, kvm ? "PMU" : "usable KVM");
        rig->counters = COUNTER_SOURCE_HARDWARE;
        break;
    case PLAN_COUNTERS_EMULATED:
        if (kvm)
            return failure_set(error, FAILURE_FAILED,
                               "%s: $.counters: emulated counters exist under TCG only (set "
                               "\"accelerator\": \"tcg\")",
                               plan->path);
        rig->counters = COUNTER_SOURCE_EMULATED;
        break;
    default:
        rig->counters = COUNTER_SOURCE_SOFTWARE;
    }
    rig->counters_reason = g_strdup("the plan says so");
    return true;
}

/* What "auto" came to may be a source that cannot do it. */
static bool
check_scope(const Rig *rig, const Plan *plan, GError **error)
{
    return plan->micro.scope != PLAN_SCOPE_TASK || rig->counters != COUNTER_SOURCE_EMULATED ||
           failure_set(error, FAILURE_FAILED,
                       "%s: $.guests.micro.scope: this host has emulated counters, which count "
                       "whole vCPUs (want \"cpu\", or \"counters\": \"software\")",
                       plan->path);
}

static bool
check_emulated(const Rig *rig, const Plan *plan, GError **error)
{
    return rig->counters != COUNTER_SOURCE_EMULATED || plan_check_emulated(plan, error);
}

static bool
resolve_layout(Rig *rig, const Plan *plan, const Sysroot *root, GError **error)
{
    g_autofree BudgetLayout *layout = NULL;
    CounterNeed need;

    if (rig->counters != COUNTER_SOURCE_HARDWARE)
        return true;
    layout = g_new0(BudgetLayout, 1);
    need = counter_need_of(plan, kvm_pmu_is_mediated(root));
    if (!counter_layout_plan(&need, root, layout, error)) {
        g_prefix_error(error, "%s: $.events: ", plan->path);
        return false;
    }
    rig->layout = g_steal_pointer(&layout);
    return true;
}

static bool
check_online(const Rig *rig, const Plan *plan, const char *key, const cpu_set_t *cpus,
             GError **error)
{
    g_autofree char *list = cpuset_format(cpus), *online = cpuset_format(&rig->facts->online);
    cpu_set_t within;

    CPU_AND(&within, cpus, &rig->facts->online);
    return CPU_EQUAL(&within, cpus) ||
           failure_set(error, FAILURE_FAILED,
                       "%s: $.%s: “%s” has CPUs that are not online (online: %s)", plan->path, key,
                       list, online);
}

/* "auto": what the pool leaves. A list takes its CPUs out of an automatic pool. */
static bool
resolve_housekeeping(Rig *rig, const Plan *plan, GError **error)
{
    const cpu_set_t *online = &rig->facts->online;
    cpu_set_t both;

    if (g_str_equal(plan->housekeeping, "none"))
        return true;
    if (g_str_equal(plan->housekeeping, "auto")) {
        CPU_XOR(&rig->kept_cpus, &rig->pool, online);
        return CPU_COUNT(&rig->kept_cpus) > 0 ||
               failure_set(error, FAILURE_FAILED,
                           "%s: $.housekeeping: the pool is all of this host's %d CPUs (name some "
                           "that guests may not use, or a smaller \"pool\")",
                           plan->path, CPU_COUNT(online));
    }
    if (!cpuset_parse(plan->housekeeping, &rig->kept_cpus, error) ||
        !check_online(rig, plan, "housekeeping", &rig->kept_cpus, error))
        return false;
    if (g_str_equal(plan->pool, "auto")) {
        CPU_XOR(&rig->pool, &rig->kept_cpus, online);
        return CPU_COUNT(&rig->pool) > 0 ||
               failure_set(error, FAILURE_FAILED, "%s: $.housekeeping: leaves no CPU to the guests",
                           plan->path);
    }
    CPU_AND(&both, &rig->kept_cpus, &rig->pool);
    if (CPU_COUNT(&both) > 0) {
        g_autofree char *list = cpuset_format(&both);

        return failure_set(error, FAILURE_FAILED,
                           "%s: $.housekeeping: CPUs %s are in the pool too (take them out of one "
                           "of both)",
                           plan->path, list);
    }
    return true;
}

static bool
resolve_pool(Rig *rig, const Plan *plan, const Sysroot *root, GError **error)
{
    rig->pool = rig->facts->online;
    if (g_str_equal(plan->pool, "auto")) {
        rig->pool = host_default_pool(rig->facts);
    } else if (!g_str_equal(plan->pool, "all") && !cpuset_parse(plan->pool, &rig->pool, error)) {
        return false;
    }
    if (!check_online(rig, plan, "pool", &rig->pool, error) ||
        !resolve_housekeeping(rig, plan, error))
        return false;
    rig->pool_cpus = (unsigned) CPU_COUNT(&rig->pool);
    rig->pool_cores = host_cores(root, &rig->pool);
    rig->housekeeping = CPU_COUNT(&rig->facts->online) > CPU_COUNT(&rig->pool);
    return true;
}

static bool
resolve_guests(Rig *rig, const Plan *plan, GError **error)
{
    unsigned of = plan->bulk.count_of == PLAN_OF_CORES ? rig->pool_cores : rig->pool_cpus;
    double share = plan->bulk.count.percent * of / 100;

    rig->n_bulk = isnan(share) ? (unsigned) plan->bulk.count.value
                               : (unsigned) lround(share / (double) plan->bulk.vcpus);
    return rig_steps_check(rig, plan, error);
}

/* Overcommitted memory is never there all at once: what guests cannot give back must be. */
static bool
check_working_sets(const Rig *rig, const Plan *plan, const MemoryStats *memory, GError **error)
{
    double needed_kib = (double) plan_least_memory_kib(plan) * (rig->n_bulk + 1);

    if (plan->memory_overcommit <= 1 || needed_kib <= (double) memory->available_kib)
        return true;
    return failure_set(error, FAILURE_FAILED,
                       "%s: $.memory_overcommit: even with their balloons inflated %u guests need "
                       "%.1f GiB for boot, load and reserve, and this host has %.1f GiB available "
                       "(fewer guests, or a load with less memory)",
                       plan->path, rig->n_bulk + 1, needed_kib / (1 << 20),
                       (double) memory->available_kib / (1 << 20));
}

static bool
check_memory(Rig *rig, const Plan *plan, const Sysroot *root, GError **error)
{
    uint64_t most_kib = plan_most_memory_kib(plan, rig->n_bulk);
    MemoryStats memory;

    rig->guests_memory_kib =
        ((uint64_t) plan->micro.memory_mib + (uint64_t) plan->bulk.memory_mib * rig->n_bulk) * 1024;
    if (!memory_read(root, &memory, error) || !check_working_sets(rig, plan, &memory, error))
        return false;
    if ((double) most_kib <= (double) memory.available_kib * plan->memory_overcommit)
        return true;
    return failure_set(error, FAILURE_FAILED,
                       "%s: $.guests: %u guests need %.1f GiB (down to their balloons' targets), "
                       "and this host has %.1f GiB available "
                       "(fewer or smaller guests, or \"memory_overcommit\" above %g)",
                       plan->path, rig->n_bulk + 1, (double) most_kib / (1 << 20),
                       (double) memory.available_kib / (1 << 20), plan->memory_overcommit);
}

/* Before any guest boots, not when the condition's turn comes. */
static bool
check_settings(const Rig *rig, const Plan *plan, GError **error)
{
    for (guint i = 0; i < plan->conditions->len; i++)
        if (!host_settings_check(rig->root, plan->conditions->pdata[i], rig->guests_memory_kib,
                                 error)) {
            g_prefix_error(error, "%s: $.conditions[%u]: ", plan->path, i);
            return false;
        }
    return true;
}

Rig *
rig_new(const Plan *plan, const Sysroot *root, GError **error)
{
    g_autoptr(Rig) rig = g_new0(Rig, 1);

    rig->root = root;
    rig->facts = host_facts_read(root);
    if (!resolve_accelerator(rig, plan, root, error) || !resolve_counters(rig, plan, error) ||
        !check_scope(rig, plan, error) || !check_emulated(rig, plan, error) ||
        !resolve_layout(rig, plan, root, error) || !resolve_pool(rig, plan, root, error) ||
        !resolve_guests(rig, plan, error) || !check_memory(rig, plan, root, error) ||
        !check_settings(rig, plan, error))
        return NULL;
    return g_steal_pointer(&rig);
}

const cpu_set_t *
rig_emulator_cpus(const Rig *rig)
{
    return CPU_COUNT(&rig->kept_cpus) > 0 ? &rig->kept_cpus : NULL;
}

void
rig_free(Rig *rig)
{
    if (!rig)
        return;

    g_free(rig->accelerator_reason);
    g_free(rig->counters_reason);
    g_free(rig->layout);
    host_facts_free(rig->facts);
    g_free(rig);
}
