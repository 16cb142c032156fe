/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/visit.h"

#include "common/base/cpuset.h"
#include "common/base/fault.h"
#include "hostctl/run/balloon_auto.h"
#include "hostctl/run/cadence.h"
#include "hostctl/run/disturbance.h"
#include "hostctl/run/guest_view.h"
#include "hostctl/run/placement.h"
#include "hostctl/run/rig_step.h"
#include "hostctl/run/settle.h"

/* Starting and ending loads, two bursts of echoes, the fetch: seen, not promised. */
#define OVERHEAD_NS (5 * NS_PER_SECOND)

/* The guest hears of it within some scheduling slices, even on a full host. */
#define GUEST_LEAD_NS (100 * NS_PER_MS)

int64_t
visit_planned_ns(const Plan *plan)
{
    return (int64_t) ((plan->settle_seconds + plan->measure_seconds + plan->tail_seconds) *
                      NS_PER_SECOND) +
           OVERHEAD_NS;
}

static const PlanCondition *
condition_of(const VisitOrder *order, const Lab *lab)
{
    return lab->plan->conditions->pdata[order->planned->condition];
}

static bool
write_row(Lab *lab, VisitRow *row, GError **error)
{
    return writer_begin(lab->writer, error) && writer_visit(lab->writer, row, error) &&
           writer_commit(lab->writer, error);
}

/* Whether the micro guest's load begins at that point of this visit; it may have none. */
static bool
micro_begins(const PlanCondition *condition, const Lab *lab, PlanLoadAt at)
{
    return lab->plan->micro.load_at == (int) at &&
           !(condition->micro_load && !condition->micro_load[0]);
}

static bool
start_loads(const VisitOrder *order, const RigStep *step, Lab *lab, Fleet *fleet, Sampler *sampler,
            VisitRow *row, Disturbance **ret_disturbance, GError **error)
{
    bool micro = micro_begins(condition_of(order, lab), lab, PLAN_LOAD_AT_START);

    *ret_disturbance = disturbance_start(step, error);
    if (!*ret_disturbance ||
        !sampler_follow_hogs(sampler, disturbance_hogs(*ret_disturbance), error) ||
        !fleet_load(fleet, micro, step->n_bulk, row->id, error))
        return false;
    row->load_raw_ns = clock_raw_ns();
    row->bulk_running = fleet_loaded_bulk(fleet);
    return true;
}

/* What was reached; counted when the micro guest's load runs too. */
static void
describe_load(const Lab *lab, const Fleet *fleet, VisitRow *row)
{
    double cpus = (double) row->pool_cpus, cores = (double) row->pool_cores;
    uint64_t vcpus = fleet_loaded_vcpus(fleet), runnable = vcpus + row->host_hogs;
    double bulk_vcpus = (double) row->bulk_running * (double) lab->plan->bulk.vcpus;

    row->runnable_vcpus = vcpus;
    row->vp_percent = 100 * bulk_vcpus / cpus;
    row->load_percent = 100 * (double) runnable / cpus;
    row->core_percent = 100 * (double) runnable / cores;
    row->boundary = runnable == row->pool_cpus + 1;
}

/*
 * The guest samples from a little before to an interval after, the host's first tick stands just
 * before and its last just after: so every window of the visit lies whole inside both views.
 */
static bool
sample_window(Lab *lab, Fleet *fleet, Sampler *sampler, VisitRow *row, GError **error)
{
    int64_t interval_ns = lab->plan->interval_ms * NS_PER_MS;
    int64_t windows = (int64_t) (lab->plan->measure_seconds * NS_PER_SECOND) / interval_ns;
    Stamp now;
    Cadence cadence;

    if (!interrupt_sleep(lab->interrupt, GUEST_LEAD_NS, error) ||
        !sampler_tick(sampler, row->id, error))
        return false;
    now = stamp_now();
    cadence = cadence_new(interval_ns, (unsigned) CPU_COUNT(&lab->rig->pool), &now);
    row->start_raw_ns = now.raw_ns;
    row->start_wall_ns = now.wall_ns;
    for (int64_t i = 1; i <= windows; i++) {
        int64_t due_ns = row->start_raw_ns + i * interval_ns;

        if (!interrupt_sleep_until(lab->interrupt, due_ns, error))
            return false;
        now = stamp_now();
        if (!sampler_tick(sampler, row->id, error) ||
            !balloon_auto_step(lab, fleet, row->id, error))
            return false;
        cadence_tick(&cadence, due_ns, &now, sampler_cpus_online(sampler));
    }
    if (!cadence_note(&cadence, lab, row->id, error))
        return false;
    row->end_raw_ns = row->start_raw_ns + windows * interval_ns;
    row->end_wall_ns = row->start_wall_ns + windows * interval_ns;
    return true;
}

/* Between two readings; a load that began anew meanwhile, or tells nothing, has none. */
static void
describe_work(const WorkMessage *before, const WorkMessage *after, VisitRow *row)
{
    if (before->units == WIRE_WORK_NOT_TOLD || after->units == WIRE_WORK_NOT_TOLD ||
        after->units < before->units || after->units > INT64_MAX ||
        after->stamp.raw_ns <= before->stamp.raw_ns)
        return;
    row->work_units = after->units - before->units;
    row->work_ns = (uint64_t) (after->stamp.raw_ns - before->stamp.raw_ns);
}

static bool
measure(const PlanCondition *condition, Lab *lab, Fleet *fleet, Sampler *sampler, VisitRow *row,
        GError **error)
{
    FleetGuest *micro = fleet_guest(fleet, 0);
    bool works = condition->victim_load != PLAN_LOAD_OWN;
    WorkMessage before, after;
    uint64_t foreign_ns;

    if (!guest_view_echo(lab, micro, row->id, error))
        return false;
    if (micro_begins(condition, lab, PLAN_LOAD_AT_MEASURE) &&
        !fleet_load(fleet, true, 0, row->id, error))
        return false;
    describe_load(lab, fleet, row);

    if (!sampler_meet_guests(sampler, row->id, error))
        return false;
    foreign_ns = sampler_foreign_ns(sampler);
    if (!sampler_host_memory(sampler, row->id, error) ||
        (works && !guest_view_work(lab, micro, &before, error)) ||
        !guest_view_start(lab, micro, row->id, error) ||
        !sample_window(lab, fleet, sampler, row, error) ||
        !sampler_host_memory(sampler, row->id, error) ||
        !sampler_meet_guests(sampler, row->id, error))
        return false;
    row->foreign_ns = sampler_foreign_ns(sampler) - foreign_ns;
    if (!guest_view_fetch(lab, micro, row->id, error) ||
        (works && !guest_view_work(lab, micro, &after, error)))
        return false;
    if (works)
        describe_work(&before, &after, row);
    return guest_view_echo(lab, micro, row->id, error);
}

/* Guests are made for the whole pool: nothing to do where every condition leaves them there. */
static bool
place(const VisitOrder *order, const RigStep *step, Lab *lab, Fleet *fleet, GError **error)
{
    const GPtrArray *conditions = lab->plan->conditions;
    const PlanCondition *condition = condition_of(order, lab);
    bool moved = false;

    for (guint i = 0; i < conditions->len; i++)
        moved = moved || ((const PlanCondition *) conditions->pdata[i])->placement != PLAN_SHARED;
    return !moved || placement_apply(condition->placement, step, fleet, error);
}

static bool
stay(const VisitOrder *order, const RigStep *step, Lab *lab, Fleet *fleet, Sampler *sampler,
     VisitRow *row, GError **error)
{
    g_autoptr(Disturbance) disturbance = NULL;
    bool settled;

    if (!place(order, step, lab, fleet, error) || !sampler_memory(sampler, row->id, error) ||
        !start_loads(order, step, lab, fleet, sampler, row, &disturbance, error) ||
        !settle(lab, fleet, sampler, row, &settled, error))
        return false;
    row->settled = settled;
    return measure(condition_of(order, lab), lab, fleet, sampler, row, error) &&
           sampler_memory(sampler, row->id, error) &&
           interrupt_sleep(lab->interrupt, (int64_t) (lab->plan->tail_seconds * NS_PER_SECOND),
                           error) &&
           fleet_unload(fleet, row->id, error);
}

bool
visit_make(const VisitOrder *order, Lab *lab, Fleet *fleet, Sampler *sampler, GError **error)
{
    VisitRow row = visit_row_none;
    RigStep step =
        rig_step_at(lab->rig, lab->plan, order->planned->condition, order->planned->step_percent);
    g_autofree char *cpus = cpuset_format(&step.cpus);
    bool made;

    row.condition_id = order->condition_id;
    row.repeat = order->planned->repeat;
    row.position = order->position;
    row.kind = visit_kind_name(order->planned->kind);
    row.step_percent = order->planned->step_percent;
    row.pool = cpus;
    row.pool_cpus = step.n_cpus;
    row.pool_cores = step.n_cores;
    row.host_hogs = step.n_hogs;
    row.state = "running";
    if (!write_row(lab, &row, error))
        return false;

    fault_point("visit.start");
    made = stay(order, &step, lab, fleet, sampler, &row, error);
    row.state = made ? "done" : interrupt_signal(lab->interrupt) != 0 ? "interrupted" : "failed";
    writer_rollback(lab->writer);
    /* The first error is the one to tell. */
    if (!write_row(lab, &row, made ? error : NULL) || !made)
        return false;
    fault_point("visit.end");
    return true;
}
