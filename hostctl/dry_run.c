/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/dry_run.h"

#include <math.h>

#include "common/base/cpuset.h"
#include "hostctl/collect/memory.h"
#include "hostctl/run/counter_layout.h"
#include "hostctl/run/experiment.h"
#include "hostctl/run/rig_step.h"
#include "hostctl/run/schedule.h"
#include "hostctl/run/smallest_effect.h"

static void
print_pool(const Rig *rig, FILE *out)
{
    g_autofree char *pool = cpuset_format(&rig->pool), *kept = cpuset_format(&rig->kept_cpus);

    fprintf(out, "pool         CPUs %s: P = %u on %u cores, %s\n", pool, rig->pool_cpus,
            rig->pool_cores,
            rig->housekeeping ? "a CPU is kept for the host" : "no CPU kept for the host");
    if (*kept)
        fprintf(out, "housekeeping CPUs %s: hostctl, QEMU's own threads, interrupts\n", kept);
}

static void
print_memory(const Plan *plan, const Rig *rig, FILE *out)
{
    MemoryStats memory;

    fprintf(out, "guests       1 micro, %u bulk, %.1f GiB", rig->n_bulk,
            (double) rig->guests_memory_kib / (1 << 20));
    if (memory_read(rig->root, &memory, NULL))
        fprintf(out, " of %.1f GiB available", (double) memory.available_kib / (1 << 20));
    fprintf(out, ", disks of %" G_GINT64_FORMAT " and %" G_GINT64_FORMAT " MiB\n",
            plan->micro.disk_mib, plan->bulk.disk_mib);
    fprintf(out, "micro counts %s, its load begins with %s\n",
            plan->micro.scope == PLAN_SCOPE_TASK ? "its load alone" : "its CPUs",
            plan->micro.load_at == PLAN_LOAD_AT_MEASURE ? "its measurement" : "the others'");
}

static void
print_counters(const Plan *plan, const Rig *rig, FILE *out)
{
    const CounterNeed need = counter_need_of(plan, false);
    g_autofree char *layout = rig->layout ? counter_layout_text(rig->layout, &need) : NULL;

    if (layout)
        fprintf(out, "layout       %s\n", layout);
    else if (rig->counters == COUNTER_SOURCE_EMULATED)
        fprintf(out, "layout       all %u events at once, both sides from one page of the model\n",
                g_strv_length(plan->events));
    else
        fprintf(out, "layout       the host counts nothing: run and wait times only\n");
}

/* Visits with more runnable vCPUs than P + 1, and those with at most P; the boundary is neither. */
static void
count_sides(const Plan *plan, const Rig *rig, const GArray *visits, guint condition,
            unsigned *ret_over, unsigned *ret_under)
{
    *ret_over = *ret_under = 0;
    for (guint i = 0; i < visits->len; i++) {
        const PlannedVisit *visit = &g_array_index(visits, PlannedVisit, i);
        RigStep step = rig_step_at(rig, plan, visit->condition, visit->step_percent);
        int64_t runnable = plan->micro.vcpus + plan->bulk.vcpus * step.n_bulk + step.n_hogs;
        int64_t cpus = CPU_COUNT(&step.cpus);

        if (visit->condition != condition)
            continue;
        *ret_over += runnable > cpus + 1;
        *ret_under += runnable <= cpus;
    }
}

static void
print_effects(const Plan *plan, const Rig *rig, const GArray *visits, FILE *out)
{
    for (guint i = 0; i < plan->conditions->len; i++) {
        const PlanCondition *condition = plan->conditions->pdata[i];
        unsigned over, under;
        double d, p;

        count_sides(plan, rig, visits, i, &over, &under);
        fprintf(out, "effect       %s: %u visits over the limit, %u not", condition->name, over,
                under);
        d = smallest_effect(over, under);
        p = smallest_p_value(over, under);
        if (isinf(d))
            fprintf(out, ": nothing to compare\n");
        else
            fprintf(out, ": shows d >= %.2f, AUC >= %.2f; p >= %.2g%s\n", d, smallest_effect_auc(d),
                    p, p > 0.05 ? ": never significant" : "");
    }
    fprintf(out, "             (d: difference in standard deviations among visits, found at 5 %% "
                 "with power 80 %%:\n             2.80 sqrt(1/a + 1/b), Cohen 1988; AUC: "
                 "normal(d / sqrt 2); p: 2 / (a + b choose a))\n");
}

static void
print_disturbance(const RigStep *step, FILE *out)
{
    g_autofree char *elsewhere = cpuset_format(&step->elsewhere);

    if (step->n_hogs > 0)
        fprintf(out, ", %u host hogs", step->n_hogs);
    if (step->n_bandwidth_hogs > 0)
        fprintf(out, ", %u bandwidth hogs on CPUs %s", step->n_bandwidth_hogs, elsewhere);
    if (step->interrupts_per_second > 0)
        fprintf(out, ", %u timer interrupts a second on each", step->interrupts_per_second);
}

static void
print_visits(const Plan *plan, const Rig *rig, const GArray *visits, FILE *out)
{
    for (guint i = 0; i < visits->len; i++) {
        const PlannedVisit *visit = &g_array_index(visits, PlannedVisit, i);
        const PlanCondition *condition = plan->conditions->pdata[visit->condition];
        RigStep step = rig_step_at(rig, plan, visit->condition, visit->step_percent);
        g_autofree char *cpus = cpuset_format(&step.cpus);

        fprintf(out, "%5u  repeat %u  %-12s %-5s %4g %%  %u bulk, %s on CPUs %s", i + 1,
                visit->repeat, condition->name, visit_kind_name(visit->kind), visit->step_percent,
                step.n_bulk, plan_placement_name((PlanPlacement) condition->placement), cpus);
        print_disturbance(&step, out);
        fputc('\n', out);
    }
}

static void
print_settling(const Plan *plan, FILE *out)
{
    int64_t longest_ns = experiment_longest_settle_ns(plan);
    g_autofree char *longest = progress_duration(longest_ns);

    if (longest_ns > 0)
        fprintf(out,
                "             (of that at most %s for page sharing to settle, %g s a block: "
                "$.ksm_settle_seconds)\n",
                longest, plan->ksm_settle_seconds);
}

void
dry_run_print(const Plan *plan, const Rig *rig, FILE *out)
{
    g_autoptr(GArray) visits = schedule_make(plan);
    g_autofree char *duration = progress_duration(experiment_planned_ns(plan, rig));

    fprintf(out, "plan         %s (%s)\n", plan->name, plan->path);
    fprintf(out, "accelerator  %s (%s)\n", accelerator_name(rig->accelerator),
            rig->accelerator_reason);
    fprintf(out, "counters     %s (%s)\n", counter_source_name(rig->counters),
            rig->counters_reason);
    print_pool(rig, out);
    print_memory(plan, rig, out);
    print_counters(plan, rig, out);
    for (guint i = 0; i < plan->conditions->len; i++)
        fprintf(out, "condition    %s\n",
                ((const PlanCondition *) plan->conditions->pdata[i])->text);
    fprintf(out, "visits       %u in about %s%s\n", visits->len, duration,
            plan->repeats < 3 ? " (exploratory: fewer than 3 repeats)" : "");
    print_settling(plan, out);
    print_effects(plan, rig, visits, out);
    print_visits(plan, rig, visits, out);
}
