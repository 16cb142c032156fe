/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/experiment.h"

#include "hostctl/knob/ksm_knob.h"
#include "hostctl/run/condition.h"
#include "hostctl/run/fleet.h"
#include "hostctl/run/housekeeping.h"
#include "hostctl/run/sampler.h"
#include "hostctl/run/schedule.h"
#include "hostctl/run/visit.h"
#include "hostctl/run/visit_check.h"

/* Seen under TCG with the modelled counters: one guest takes 8 s of a CPU to boot, 2 s under KVM.
 */
#define BOOT_TCG_NS (8 * NS_PER_SECOND)
#define BOOT_KVM_NS (2 * NS_PER_SECOND)

typedef struct {
    Lab *lab;
    Progress *progress;
    GArray *visits; /* of PlannedVisit */
    int64_t *condition_ids;
    KsmKnob *ksm; /* NULL: no condition changes it */
    HostSettings *host;
    Housekeeping *housekeeping; /* NULL: no CPUs are kept */
    Fleet *fleet;
    Sampler *sampler;
    GPtrArray *notes;
} Experiment;

static int64_t
boot_ns(const Rig *rig)
{
    int64_t one_ns = rig->accelerator == ACCELERATOR_TCG ? BOOT_TCG_NS : BOOT_KVM_NS;

    return one_ns * (rig->n_bulk + 1) / rig->pool_cpus + one_ns;
}

static int64_t
left_ns(const Plan *plan, const Rig *rig, const Lab *lab, const GArray *visits, guint from)
{
    unsigned block = UINT_MAX;
    int64_t sum_ns = 0;
    bool begins;

    for (guint i = from; i < visits->len; i++) {
        const PlannedVisit *visit = &g_array_index(visits, PlannedVisit, i);

        if (lab && lab_has_visit(lab, i))
            continue;
        begins = block == UINT_MAX ? from == 0 || visit->block != (visit - 1)->block
                                   : block != visit->block;
        sum_ns += visit_planned_ns(plan);
        if (begins)
            sum_ns += condition_longest_settle_ns(plan->conditions->pdata[visit->condition], plan);
        if (begins && (block == UINT_MAX || plan->between == PLAN_BETWEEN_RECREATE))
            sum_ns += boot_ns(rig);
        block = visit->block;
    }
    return sum_ns;
}

int64_t
experiment_longest_settle_ns(const Plan *plan)
{
    g_autoptr(GArray) visits = schedule_make(plan);
    int64_t sum_ns = 0;

    for (guint i = 0; i < visits->len; i++) {
        const PlannedVisit *visit = &g_array_index(visits, PlannedVisit, i);

        if (i == 0 || visit->block != (visit - 1)->block)
            sum_ns += condition_longest_settle_ns(plan->conditions->pdata[visit->condition], plan);
    }
    return sum_ns;
}

int64_t
experiment_planned_ns(const Plan *plan, const Rig *rig)
{
    g_autoptr(GArray) visits = schedule_make(plan);

    return left_ns(plan, rig, NULL, visits, 0);
}

static bool
write_conditions(Experiment *experiment, GError **error)
{
    Lab *lab = experiment->lab;

    if (!writer_begin(lab->writer, error))
        return false;
    for (guint i = 0; i < lab->plan->conditions->len; i++) {
        const PlanCondition *condition = lab->plan->conditions->pdata[i];
        const ConditionRow row = {
            .name = condition->name,
            .ksm = condition->ksm_text,
            .balloon = condition->balloon_text,
            .settings = condition->text,
            .victim_load = plan_load_kind_name((PlanLoadKind) condition->victim_load),
            .culprit_load = plan_load_kind_name((PlanLoadKind) condition->culprit_load),
        };

        if (!writer_condition(lab->writer, &row, &experiment->condition_ids[i], error))
            return false;
    }
    return writer_commit(lab->writer, error);
}

static void
drop_fleet(Experiment *experiment)
{
    g_clear_pointer(&experiment->sampler, sampler_free);
    g_clear_pointer(&experiment->fleet, fleet_free);
}

/* Page sharing first, so that guests boot under the condition that they are measured in. */
static bool
begin_block(Experiment *experiment, const PlannedVisit *visit, guint position, GError **error)
{
    Lab *lab = experiment->lab;
    const PlanCondition *condition = lab->plan->conditions->pdata[visit->condition];
    bool renew = !experiment->fleet || lab->plan->between == PLAN_BETWEEN_RECREATE;

    progress_say(experiment->progress, position, experiment->visits->len,
                 left_ns(lab->plan, lab->rig, lab, experiment->visits, position),
                 "%s: page sharing %s, %s", condition->name,
                 condition->ksm_text ? condition->ksm_text : "left as it is",
                 renew ? "booting guests" : "keeping guests");
    if (renew) {
        g_clear_pointer(&experiment->sampler, sampler_free);
        if (experiment->fleet && !fleet_destroy(experiment->fleet, error))
            return false;
        g_clear_pointer(&experiment->fleet, fleet_free);
    }
    if (!condition_apply_settings(condition, experiment->host, lab, error) ||
        (experiment->ksm && !condition_apply_host(condition, experiment->ksm, lab, error)))
        return false;
    if (renew) {
        experiment->fleet = fleet_new(lab, condition, experiment->condition_ids[visit->condition],
                                      visit->repeat, visit->block, error);
        if (!experiment->fleet)
            return false;
        experiment->sampler = sampler_new(lab, experiment->fleet, error);
        if (!experiment->sampler)
            return false;
    }
    fleet_set_condition(experiment->fleet, condition);
    return condition_apply_balloon(condition, experiment->fleet, lab, error) &&
           condition_settle_ksm(condition, lab, error) && writer_checkpoint(lab->writer, error);
}

static bool
make_visits(Experiment *experiment, GError **error)
{
    Lab *lab = experiment->lab;
    GArray *visits = experiment->visits;
    unsigned block = UINT_MAX;

    for (guint i = 0; i < visits->len; i++) {
        const PlannedVisit *planned = &g_array_index(visits, PlannedVisit, i);
        const PlanCondition *condition = lab->plan->conditions->pdata[planned->condition];
        VisitOrder order = { planned, experiment->condition_ids[planned->condition], i + 1 };

        if (lab_has_visit(lab, i))
            continue;
        if (block != planned->block && !begin_block(experiment, planned, i, error))
            return false;
        block = planned->block;
        progress_say(experiment->progress, i + 1, visits->len,
                     left_ns(lab->plan, lab->rig, lab, visits, i), "%s, %g %%, repeat %u",
                     condition->name, planned->step_percent, planned->repeat);
        if (!visit_make(&order, lab, experiment->fleet, experiment->sampler, error) ||
            !visit_check(lab, i + 1, experiment->notes, error))
            return false;
    }
    return true;
}

/* Every way out comes by here: guests gone, page sharing back, the dataset closed. */
static bool
end(Experiment *experiment, bool made, GPtrArray *notes, GError **error)
{
    Lab *lab = experiment->lab;
    const char *state = made                                    ? "complete"
                        : interrupt_signal(lab->interrupt) != 0 ? "interrupted"
                                                                : "failed";
    g_autoptr(GError) late = NULL;
    bool ended = true;

    drop_fleet(experiment);
    if (!host_settings_put_back(experiment->host, notes, &late))
        ended = false;
    if (experiment->housekeeping &&
        !housekeeping_put_back(experiment->housekeeping, notes, late ? NULL : &late))
        ended = false;
    if (experiment->ksm && !ksm_knob_put_back(experiment->ksm, notes, late ? NULL : &late))
        ended = false;
    if (!writer_finish(lab->writer, state, ended ? &late : NULL))
        ended = false;
    if (late && made)
        g_propagate_error(error, g_steal_pointer(&late));
    else if (late)
        g_ptr_array_add(notes, g_strdup(late->message));
    return made && ended;
}

static bool
keep_cpus(Experiment *experiment, GError **error)
{
    Lab *lab = experiment->lab;
    const cpu_set_t *cpus = rig_emulator_cpus(lab->rig);
    g_autofree char *note = NULL;

    if (!cpus)
        return true;
    experiment->housekeeping = housekeeping_new(lab->journal, cpus, &note, error);
    return experiment->housekeeping && lab_note(lab, 0, 0, "info", error, "%s", note);
}

bool
experiment_run(Lab *lab, Progress *progress, GPtrArray *notes, GError **error)
{
    g_autoptr(GArray) visits = schedule_make(lab->plan);
    g_autofree int64_t *condition_ids = g_new0(int64_t, lab->plan->conditions->len);
    g_autoptr(KsmKnob) ksm = NULL;
    g_autoptr(HostSettings) host = host_settings_new(lab->journal);
    bool ready = true;
    Experiment experiment = { .lab = lab,
                              .progress = progress,
                              .visits = visits,
                              .condition_ids = condition_ids,
                              .notes = notes,
                              .host = host };

    if (condition_any_changes_ksm(lab->plan)) {
        ksm = ksm_knob_new(lab->journal, false, error);
        experiment.ksm = ksm;
        ready = ksm != NULL;
    }
    ready = ready && keep_cpus(&experiment, error) && write_conditions(&experiment, error) &&
            make_visits(&experiment, error);
    ready = end(&experiment, ready, notes, error);
    housekeeping_free(experiment.housekeeping);
    return ready;
}
