/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sched.h>
#include <stdio.h>

#include "common/base/failure.h"
#include "common/base/option_parse.h"
#include "common/base/text.h"
#include "hostctl/command.h"
#include "hostctl/detach.h"
#include "hostctl/dry_run.h"
#include "hostctl/recover.h"
#include "hostctl/remote_host.h"
#include "hostctl/run/experiment.h"
#include "hostctl/run/open_lab.h"
#include "hostctl/run/run_record.h"
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
make_experiment(Lab *lab, Progress *progress, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    bool ran;

    keep_cadence();
    ran = experiment_run(lab, progress, notes, error);
    progress_end(progress);
    for (guint i = 0; i < notes->len; i++) {
        g_autofree char *note = text_message(notes->pdata[i]);

        fprintf(stderr, "hostctl run: note: %s\n", note);
    }
    return ran;
}

static Lab *
open_after_recovery(const CommandContext *context, const Plan *plan, const Rig *rig,
                    const LabOptions *options, GError **error)
{
    if (!recover_leftovers_first(context, error))
        return NULL;
    return lab_open(context->root, context->interrupt, plan, rig, options, error);
}

static bool
run(const CommandContext *context, const Plan *plan, const Rig *rig, const LabOptions *options,
    bool quiet, GError **error)
{
    g_autoptr(Progress) progress = progress_new(quiet ? NULL : stderr);
    g_autoptr(Lab) lab = open_after_recovery(context, plan, rig, options, error);

    return lab && make_experiment(lab, progress, error);
}

static void
record_progress(unsigned done, unsigned total, int64_t left_ns, const char *what, void *data)
{
    RunRecord *record = data;

    run_record_set(&record->state, "running");
    run_record_set(&record->message, what);
    record->visits_done = done > 0 ? done - 1 : 0;
    record->visits_total = total;
    record->left_ns = left_ns;
    run_record_write(record, NULL);
}

/* How it ended, for `hostctl status`; the log has the same. */
static bool
record_end(RunRecord *record, bool ran, const GError *problem, GError **error)
{
    bool stopped = problem && g_error_matches(problem, FAILURE, FAILURE_INTERRUPTED);

    run_record_set(&record->state, ran ? "complete" : stopped ? "interrupted" : "failed");
    run_record_set(&record->message, ran ? "" : problem->message);
    if (ran)
        record->visits_done = record->visits_total;
    record->left_ns = -1;
    if (!ran && error)
        *error = g_error_copy(problem);
    return run_record_write(record, ran ? error : NULL) && ran;
}

static bool
run_in_background(const CommandContext *context, const Plan *plan, const Rig *rig,
                  const LabOptions *options, RunRecord *record, Detach *detach, GError **error)
{
    g_autoptr(Progress) progress = progress_new(stderr);
    g_autoptr(GError) problem = NULL;
    g_autoptr(Lab) lab = NULL;
    bool ran;

    run_record_claim(record);
    progress_watch(progress, record_progress, record);
    lab = open_after_recovery(context, plan, rig, options, &problem);
    detach_ready(detach, problem);
    ran = lab && make_experiment(lab, progress, &problem);
    g_clear_pointer(&lab, lab_free);
    return record_end(record, ran, problem, error);
}

static bool
run_detached(const CommandContext *context, const Plan *plan, const Rig *rig,
             const LabOptions *options, GError **error)
{
    g_autoptr(State) state = state_open(error);
    g_autoptr(RunRecord) record = NULL;
    Detach detach;

    if (state)
        record = run_record_new(state, plan->name, plan->path, options->output, error);
    if (!record || !detach_fork(record->log, &detach, error))
        return false;
    if (!detach.parent)
        return run_in_background(context, plan, rig, options, record, &detach, error);
    printf("%s\n", record->id);
    fprintf(stderr, "hostctl run: goes on as %s; look with: hostctl status %s\n", record->id,
            record->id);
    return true;
}

bool
cmd_run(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_autofree char *output = NULL;
    g_autofree char *resume = NULL;
    gboolean dry_run = FALSE, shared_host = FALSE, replace = FALSE, quiet = FALSE;
    gboolean keep_going = FALSE, detached = FALSE;
    const GOptionEntry entries[] = {
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Write the dataset to FILE", "FILE" },
        { "replace", 0, 0, G_OPTION_ARG_NONE, &replace, "Overwrite an existing dataset", NULL },
        { "resume", 0, 0, G_OPTION_ARG_FILENAME, &resume,
          "Go on with the interrupted run in FILE, with the same plan on the same host", "FILE" },
        { "dry-run", 'n', 0, G_OPTION_ARG_NONE, &dry_run, "Say what would be done, and how long",
          NULL },
        { "shared-host", 0, 0, G_OPTION_ARG_NONE, &shared_host,
          "Run although guests run that hostctl did not make", NULL },
        { "keep-going", 'k', 0, G_OPTION_ARG_NONE, &keep_going,
          "Do not stop after a visit whose check failed", NULL },
        { "detach", 'd', 0, G_OPTION_ARG_NONE, &detached,
          "Go on without the terminal; hostctl status tells how far it is", NULL },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "No progress", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) options = g_option_context_new("PLAN — run an experiment");
    g_autoptr(Plan) plan = NULL;
    g_autoptr(Rig) rig = NULL;
    LabOptions lab_options;

    g_option_context_add_main_entries(options, entries, NULL);
    if (!option_parse(options, &argc, &argv, error))
        return false;
    if (argc < 2)
        return failure_set(error, FAILURE_USAGE, "want a plan");
    if (argc > 2)
        return failure_set(error, FAILURE_USAGE, "“%s” is too much: want one plan", argv[2]);
    if (!output && !resume && !dry_run)
        return failure_set(error, FAILURE_USAGE, "want -o FILE for the dataset");
    if (resume && (output || replace))
        return failure_set(error, FAILURE_USAGE, "--resume goes on in its own file: no -o beside");

    plan = plan_load(argv[1], error);
    if (!plan || (!context->uri && !remote_host_refuse(plan->connect, context->words, error)))
        return false;
    rig = rig_new(plan, context->root, error);
    if (!rig)
        return false;
    if (dry_run) {
        dry_run_print(plan, rig, stdout);
        return true;
    }
    lab_options = (LabOptions){ .uri = context->uri,
                                .output = resume ? resume : output,
                                .replace = replace,
                                .resume = resume != NULL,
                                .shared_host = shared_host,
                                .keep_going = keep_going };
    if (detached)
        return run_detached(context, plan, rig, &lab_options, error);
    return run(context, plan, rig, &lab_options, quiet, error);
}
