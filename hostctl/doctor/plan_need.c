/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/plan_need.h"

#include <math.h>

#include "common/base/cpuset.h"
#include "hostctl/collect/host_facts.h"
#include "hostctl/doctor/finding.h"

#define DEFAULT_GUEST_MIB 192
#define DEFAULT_LADDER_PERCENT 200
#define KIB_PER_MIB 1024

static const char *const default_events[] = { "cycles",        "instructions", "branches",
                                              "branch-misses", "cache-misses", NULL };

static cpu_set_t
online_cpus(const Sysroot *root)
{
    g_autofree char *list = tree_word(root, "sys/devices/system/cpu/online");
    cpu_set_t online;

    if (!list || !cpuset_parse(list, &online, NULL)) {
        CPU_ZERO(&online);
        CPU_SET(0, &online);
    }
    return online;
}

/* With more than two CPUs one is kept for the host itself. */
static cpu_set_t
automatic_pool(const Sysroot *root)
{
    const HostFacts online = { .online = online_cpus(root) };

    return host_default_pool(&online);
}

static bool
pool_cpus(const Plan *plan, const Sysroot *root, cpu_set_t *ret_cpus, GError **error)
{
    cpu_set_t kept, online = online_cpus(root);

    if (g_str_equal(plan->pool, "auto")) {
        *ret_cpus = automatic_pool(root);
        if (cpuset_parse(plan->housekeeping, &kept, NULL)) {
            CPU_AND(&kept, &kept, &online);
            CPU_XOR(ret_cpus, &online, &kept);
        }
        return true;
    }
    *ret_cpus = online;
    return g_str_equal(plan->pool, "all") || cpuset_parse(plan->pool, ret_cpus, error);
}

DoctorPlan
doctor_default_plan(const Sysroot *root)
{
    cpu_set_t pool = automatic_pool(root);
    unsigned guests = 1 + (unsigned) CPU_COUNT(&pool) * DEFAULT_LADDER_PERCENT / 100;

    return (DoctorPlan){
        .events = default_events,
        .guests = guests,
        .vcpus = guests,
        .memory_kib = (uint64_t) guests * DEFAULT_GUEST_MIB * KIB_PER_MIB,
        .memory_overcommit = 1,
    };
}

bool
plan_need(const Plan *plan, const Sysroot *root, DoctorPlan *ret_need, GError **error)
{
    unsigned cpus, bulk;
    cpu_set_t pool;

    if (!pool_cpus(plan, root, &pool, error)) {
        g_prefix_error(error, "%s: $.pool: ", plan->path);
        return false;
    }
    cpus = plan->bulk.count_of == PLAN_OF_CORES ? host_cores(root, &pool)
                                                : (unsigned) CPU_COUNT(&pool);
    bulk = isnan(plan->bulk.count.percent)
               ? (unsigned) plan->bulk.count.value
               : (unsigned) lround(plan->bulk.count.percent * cpus / 100 / plan->bulk.vcpus);
    *ret_need = (DoctorPlan){
        .name = plan->name,
        .events = (const char *const *) plan->events,
        .guests = 1 + bulk,
        .vcpus = (unsigned) (plan->micro.vcpus + bulk * plan->bulk.vcpus),
        .memory_kib =
            (uint64_t) (plan->micro.memory_mib + bulk * plan->bulk.memory_mib) * KIB_PER_MIB,
        .memory_overcommit = plan->memory_overcommit,
    };
    return true;
}
