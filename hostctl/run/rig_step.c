/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/rig_step.h"

#include <math.h>

#include "common/base/failure.h"

static bool
by_cores(const Plan *plan)
{
    return plan->steps_of == PLAN_OF_CORES;
}

/* What a step is so many percent of. */
static unsigned
base(const Rig *rig, const Plan *plan)
{
    return by_cores(plan) ? rig->pool_cores : rig->pool_cpus;
}

static const char *
base_name(const Plan *plan)
{
    return by_cores(plan) ? "cores" : "CPUs";
}

static unsigned
bulk_for_percent(const Rig *rig, const Plan *plan, double percent)
{
    return (unsigned) lround(percent * base(rig, plan) / 100 / (double) plan->bulk.vcpus);
}

static double
bulk_vcpus(const Rig *rig, const Plan *plan)
{
    return (double) rig->n_bulk * (double) plan->bulk.vcpus;
}

static const PlanCondition *
condition_at(const Plan *plan, unsigned index)
{
    return plan->conditions->pdata[index];
}

/* A sibling of the CPU that went last, else the lowest that is left. */
static int
next_to_go(const cpu_set_t *left, const cpu_set_t *siblings)
{
    int lowest = -1;

    for (int cpu = CPU_SETSIZE - 1; cpu >= 0; cpu--) {
        if (CPU_ISSET(cpu, left) && CPU_ISSET(cpu, siblings))
            return cpu;
        if (CPU_ISSET(cpu, left))
            lowest = cpu;
    }
    return lowest;
}

cpu_set_t
rig_shrink(const Sysroot *root, const cpu_set_t *cpus, PlanOf of, unsigned wanted)
{
    cpu_set_t left = *cpus, siblings;

    CPU_ZERO(&siblings);
    while ((of == PLAN_OF_CORES ? host_cores(root, &left) : (unsigned) CPU_COUNT(&left)) > wanted) {
        int cpu = next_to_go(&left, &siblings);

        CPU_CLR(cpu, &left);
        host_siblings(root, cpu, &siblings);
    }
    return left;
}

static unsigned
n_hogs(const Rig *rig, const PlanAmount *hogs)
{
    return isnan(hogs->percent) ? (unsigned) hogs->value
                                : (unsigned) lround(hogs->percent * rig->pool_cpus / 100);
}

static cpu_set_t
cpus_elsewhere(const Rig *rig)
{
    cpu_set_t left = rig->facts ? rig->facts->online : rig->pool, siblings;

    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &rig->pool))
            continue;
        CPU_ZERO(&siblings);
        host_siblings(rig->root, cpu, &siblings);
        CPU_SET(cpu, &siblings);
        CPU_OR(&left, &left, &siblings);
        CPU_XOR(&left, &left, &siblings);
    }
    return left;
}

RigStep
rig_step_at(const Rig *rig, const Plan *plan, unsigned condition, double step_percent)
{
    const PlanCondition *setting = condition_at(plan, condition);
    RigStep step = { .n_bulk = bulk_for_percent(rig, plan, step_percent),
                     .cpus = rig->pool,
                     .n_cpus = rig->pool_cpus,
                     .n_cores = rig->pool_cores,
                     .n_hogs = n_hogs(rig, &setting->host_hogs),
                     .n_bandwidth_hogs = n_hogs(rig, &setting->bandwidth_hogs),
                     .elsewhere = cpus_elsewhere(rig),
                     .interrupts_per_second = (unsigned) setting->interrupts_per_second };

    if (setting->placement != PLAN_SHRINK)
        return step;

    step.n_bulk = step_percent > 0 ? rig->n_bulk : 0;
    if (step_percent > 0) {
        step.cpus = rig_shrink(rig->root, &rig->pool, (PlanOf) plan->steps_of,
                               (unsigned) lround(100 * bulk_vcpus(rig, plan) / step_percent));
        step.n_cpus = (unsigned) CPU_COUNT(&step.cpus);
        step.n_cores = host_cores(rig->root, &step.cpus);
    }
    return step;
}

static bool
check_guests(const Rig *rig, const Plan *plan, guint index, GError **error)
{
    double step = g_array_index(plan->steps_percent, double, index);
    unsigned needed = bulk_for_percent(rig, plan, step);

    return needed <= rig->n_bulk ||
           failure_set(error, FAILURE_FAILED,
                       "%s: $.steps_percent[%u]: %g %% of %u %s needs %u bulk guests, and "
                       "$.guests.bulk.count gives %u",
                       plan->path, index, step, base(rig, plan), base_name(plan), needed,
                       rig->n_bulk);
}

static bool
check_cpus(const Rig *rig, const Plan *plan, const char *condition, guint index, GError **error)
{
    double step = g_array_index(plan->steps_percent, double, index);
    double most = 100 * bulk_vcpus(rig, plan);

    if (step <= 0 || (step <= most && lround(most / step) <= (long) base(rig, plan)))
        return true;
    return failure_set(error, FAILURE_FAILED,
                       "%s: $.steps_percent[%u]: with %u bulk guests on 1 to %u %s the condition "
                       "“%s”, which shrinks the pool, reaches %g to %g %%, not %g %% (change the "
                       "step or $.guests.bulk.count)",
                       plan->path, index, rig->n_bulk, base(rig, plan), base_name(plan), condition,
                       most / base(rig, plan), most, step);
}

static bool
check_elsewhere(const Rig *rig, const Plan *plan, guint condition, GError **error)
{
    RigStep step = rig_step_at(rig, plan, condition, 0);

    return step.n_bandwidth_hogs == 0 || CPU_COUNT(&step.elsewhere) > 0 ||
           failure_set(error, FAILURE_FAILED,
                       "%s: $.conditions[%u].bandwidth_hogs: every core of this host has a CPU of "
                       "the pool, and these hogs run on others (want a smaller $.pool)",
                       plan->path, condition);
}

bool
rig_steps_check(const Rig *rig, const Plan *plan, GError **error)
{
    for (guint i = 0; i < plan->conditions->len; i++) {
        const PlanCondition *condition = condition_at(plan, i);

        if (!check_elsewhere(rig, plan, i, error))
            return false;
        for (guint step = 0; step < plan->steps_percent->len; step++)
            if (condition->placement == PLAN_SHRINK
                    ? !check_cpus(rig, plan, condition->name, step, error)
                    : !check_guests(rig, plan, step, error))
                return false;
    }
    return true;
}
