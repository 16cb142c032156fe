/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sched.h>
#include <stdio.h>

#include "common/base/cpuset.h"
#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/command.h"
#include "hostctl/recover.h"
#include "hostctl/run/counter_layout.h"
#include "hostctl/run/experiment.h"
#include "hostctl/run/open_lab.h"
#include "hostctl/run/rig_step.h"
#include "hostctl/run/schedule.h"
#include "hostctl/workbench.h"

/*
 * The tick must come on time on a host that is full on purpose; it needs a millisecond a second.
 * RESET_ON_FORK: QEMU, which libvirt starts from here, must not inherit it.
 */
static void
keep_cadence(void)
{
    const struct sched_param lowest = { .sched_priority = 1 };

    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest);
}

static void
print_schedule(const Plan *plan, const Rig *rig)
{
    g_autoptr(GArray) visits = schedule_make(plan);
    g_autofree char *pool = cpuset_format(&rig->pool);
    g_autofree char *duration = progress_duration(experiment_planned_ns(plan, rig));
    g_autofree char *layout =
        rig->layout ? counter_layout_text(rig->layout, (const char *const *) plan->events) : NULL;

    printf("plan         %s (%s)\n", plan->name, plan->path);
    printf("accelerator  %s (%s)\n", accelerator_name(rig->accelerator), rig->accelerator_reason);
    printf("counters     %s (%s)\n", counter_source_name(rig->counters), rig->counters_reason);
    if (layout)
        printf("layout       %s\n", layout);
    printf("pool         CPUs %s: P = %u on %u cores, %s\n", pool, rig->pool_cpus, rig->pool_cores,
           rig->housekeeping ? "a CPU is kept for the host" : "no CPU kept for the host");
    printf("guests       1 micro, %u bulk, %.1f GiB, disks of %" G_GINT64_FORMAT
           " and %" G_GINT64_FORMAT " MiB\n",
           rig->n_bulk, (double) rig->guests_memory_kib / (1 << 20), plan->micro.disk_mib,
           plan->bulk.disk_mib);
    printf("micro counts %s, its load begins with %s\n",
           plan->micro.scope == PLAN_SCOPE_TASK ? "its load alone" : "its CPUs",
           plan->micro.load_at == PLAN_LOAD_AT_MEASURE ? "its measurement" : "the others'");
    for (guint i = 0; i < plan->conditions->len; i++)
        printf("condition    %s\n", ((const PlanCondition *) plan->conditions->pdata[i])->text);
    printf("visits       %u in about %s%s\n", visits->len, duration,
           plan->repeats < 3 ? " (exploratory: fewer than 3 repeats)" : "");
    for (guint i = 0; i < visits->len; i++) {
        const PlannedVisit *visit = &g_array_index(visits, PlannedVisit, i);
        const PlanCondition *condition = plan->conditions->pdata[visit->condition];
        RigStep step = rig_step_at(rig, plan, visit->condition, visit->step_percent);
        g_autofree char *cpus = cpuset_format(&step.cpus);

        printf("%5u  repeat %u  %-12s %-5s %4g %%  %u bulk, %s on CPUs %s", i + 1, visit->repeat,
               condition->name, visit_kind_name(visit->kind), visit->step_percent, step.n_bulk,
               plan_placement_name((PlanPlacement) condition->placement), cpus);
        if (step.n_hogs > 0)
            printf(", %u host hogs", step.n_hogs);
        putchar('\n');
    }
}

/* What a killed run left would be in this one's way; whoever still lives keeps the lock. */
static bool
recover_leftovers_first(const CommandContext *context, GError **error)
{
    g_auto(Workbench) bench = { 0 };
    g_autoptr(GPtrArray) steps = NULL;

    if (!workbench_open(context, WORKBENCH_RECOVER, &bench, error) ||
        !recover_leftovers(bench.state, bench.journal, context->interrupt, &steps, error))
        return false;
    if (steps->len > 0)
        fprintf(stderr, "hostctl run: an earlier hostctl was killed; putting back what it left:\n");
    for (guint i = 0; i < steps->len; i++)
        fprintf(stderr, "hostctl run:   %s\n", ((const RecoverStep *) steps->pdata[i])->text);
    return recover_judge(steps, error);
}

static bool
run(const CommandContext *context, const Plan *plan, const Rig *rig, const LabOptions *options,
    bool quiet, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Progress) progress = progress_new(quiet ? NULL : stderr);
    g_autoptr(Lab) lab = lab_open(context->root, context->interrupt, plan, rig, options, error);
    bool ran;

    if (!lab)
        return false;
    keep_cadence();
    ran = experiment_run(lab, progress, notes, error);
    g_clear_pointer(&progress, progress_free);
    for (guint i = 0; i < notes->len; i++) {
        g_autofree char *note = text_message(notes->pdata[i]);

        fprintf(stderr, "hostctl run: note: %s\n", note);
    }
    return ran;
}

bool
cmd_run(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    gboolean dry_run = FALSE, shared_host = FALSE, replace = FALSE, quiet = FALSE;
    gboolean keep_going = FALSE;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the dataset to FILE", "FILE" },
        { "replace", 0, 0, G_OPTION_ARG_NONE, &replace, "Overwrite an existing dataset", NULL },
        { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "Say what would be done, and how long",
          NULL },
        { "shared-host", 0, 0, G_OPTION_ARG_NONE, &shared_host,
          "Run although guests run that hostctl did not make", NULL },
        { "keep-going", 'k', 0, G_OPTION_ARG_NONE, &keep_going,
          "Do not stop after a visit whose check failed", NULL },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "No progress", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) options = g_option_context_new("PLAN — run an experiment");
    g_autoptr(Plan) plan = NULL;
    g_autoptr(Rig) rig = NULL;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!g_option_context_parse(options, &argc, &argv, error))
        return false;
    if (argc != 2)
        return failure_set(error, FAILURE_USAGE, "want one plan (see hostctl run --help)");
    if (!output && !dry_run)
        return failure_set(error, FAILURE_USAGE, "want -o FILE for the dataset");

    plan = plan_load(argv[1], error);
    rig = plan ? rig_new(plan, context->root, error) : NULL;
    if (!rig)
        return false;
    if (dry_run) {
        print_schedule(plan, rig);
        return true;
    }
    return recover_leftovers_first(context, error) &&
           run(context, plan, rig,
               &(LabOptions){ context->uri, output, replace, shared_host, keep_going }, quiet,
               error);
}
