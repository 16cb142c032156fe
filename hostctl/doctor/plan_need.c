/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/doctor/plan_need.h"

#include <math.h>

#include "common/base/cpuset.h"
#include "hostctl/doctor/finding.h"

#define DEFAULT_GUEST_MIB 192
#define DEFAULT_LADDER_PERCENT 200
#define KIB_PER_MIB 1024

static const char *const default_events[] = { "cycles",        "instructions", "branches",
                                              "branch-misses", "cache-misses", NULL };

static unsigned
online_cpus(const Sysroot *root)
{
    g_autofree char *list = tree_word(root, "sys/devices/system/cpu/online");
    cpu_set_t online;

    return list && cpuset_parse(list, &online, NULL) ? (unsigned) CPU_COUNT(&online) : 1;
}

/* With more than two CPUs one is kept for the host itself. */
static unsigned
automatic_pool(const Sysroot *root)
{
    unsigned online = online_cpus(root);

    return online > 2 ? online - 1 : online;
}

static bool
pool_cpus(const char *pool, const Sysroot *root, unsigned *ret_cpus, GError **error)
{
    cpu_set_t cpus;

    if (g_str_equal(pool, "auto")) {
        *ret_cpus = automatic_pool(root);
        return true;
    }
    if (g_str_equal(pool, "all")) {
        *ret_cpus = online_cpus(root);
        return true;
    }
    if (!cpuset_parse(pool, &cpus, error))
        return false;
    *ret_cpus = (unsigned) CPU_COUNT(&cpus);
    return true;
}

DoctorPlan
doctor_default_plan(const Sysroot *root)
{
    unsigned guests = 1 + automatic_pool(root) * DEFAULT_LADDER_PERCENT / 100;

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

    if (!pool_cpus(plan->pool, root, &cpus, error)) {
        g_prefix_error(error, "%s: $.pool: ", plan->path);
        return false;
    }
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
