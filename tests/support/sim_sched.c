/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who gets a counter when a thread gets a CPU, and what is counted until the next tick. */
#include <string.h>

#include "tests/support/sim_pmu_private.h"

/* The counters of one hardware thread while they are handed out. */
typedef struct {
    const SimPmu *sim;
    unsigned used[SIM_KINDS];
} Counters;

bool
sim_fits(const PmuCapacity *capacity, const unsigned used[SIM_KINDS])
{
    static const struct {
        SimKind kind;
        PmuFixed fixed;
    } own[] = {
        { SIM_KIND_CYCLES, PMU_FIXED_CYCLES },
        { SIM_KIND_INSTRUCTIONS, PMU_FIXED_INSTRUCTIONS },
    };
    unsigned fixed_ref = (capacity->fixed & PMU_FIXED_REF_CYCLES) ? 1 : 0;
    unsigned general = 0;

    for (int kind = 0; kind < SIM_KINDS; kind++)
        general += used[kind];
    for (size_t i = 0; i < G_N_ELEMENTS(own); i++)
        general -= (capacity->fixed & own[i].fixed) && used[own[i].kind] > 0;
    if (!capacity->general_ref_cycles) {
        if (used[SIM_KIND_REF_CYCLES] > fixed_ref)
            return false;
        general -= used[SIM_KIND_REF_CYCLES];
    }
    return general <= capacity->general;
}

static bool
is_software_group(const SimEvent *leader)
{
    for (guint i = 0; i < leader->members->len; i++)
        if (!((const SimEvent *) leader->members->pdata[i])->software)
            return false;
    return true;
}

static bool
wants_a_counter(const SimEvent *event)
{
    return !event->software && (event->state == SIM_WAITING || event->state == SIM_COUNTING);
}

static bool
place_group(Counters *counters, const SimEvent *leader)
{
    unsigned used[SIM_KINDS];

    memcpy(used, counters->used, sizeof used);
    for (guint i = 0; i < leader->members->len; i++) {
        const SimEvent *event = leader->members->pdata[i];

        if (wants_a_counter(event))
            used[event->kind]++;
    }
    if (!sim_fits(&counters->sim->options.capacity, used))
        return false;
    memcpy(counters->used, used, sizeof used);
    return true;
}

static void
set_group(const SimEvent *leader, SimState state)
{
    for (guint i = 0; i < leader->members->len; i++) {
        SimEvent *event = leader->members->pdata[i];

        if (event->state != SIM_OFF)
            event->state = state;
    }
}

/* merge_sched_in(): after the first hardware group that finds no place none is tried any more. */
static void
place_list(Counters *counters, SimContext *context, GPtrArray *list, bool pinned)
{
    bool can_add = true;

    for (guint i = 0; i < list->len; i++) {
        SimEvent *leader = list->pdata[i];

        if (leader->state == SIM_OFF || leader->state == SIM_ERROR)
            continue;
        if (is_software_group(leader) || (can_add && place_group(counters, leader))) {
            set_group(leader, SIM_COUNTING);
            continue;
        }
        can_add = false;
        if (pinned)
            leader->state = SIM_ERROR;
        else
            set_group(leader, SIM_WAITING);
        context->must_rotate |= !pinned;
    }
}

static void
place_all(SimPmu *sim, SimContext *cpu, SimContext *task)
{
    Counters counters = { .sim = sim };

    place_list(&counters, cpu, cpu->pinned, true);
    place_list(&counters, task, task->pinned, true);
    place_list(&counters, cpu, cpu->flexible, false);
    place_list(&counters, task, task->flexible, false);
    sim->overfull |= !sim_fits(&sim->options.capacity, counters.used);
}

static void
rotate(SimContext *context)
{
    void *first;

    if (!context->must_rotate || context->flexible->len < 2)
        return;
    first = g_ptr_array_steal_index(context->flexible, 0);
    g_ptr_array_add(context->flexible, first);
    context->must_rotate = false;
}

/* Both exclude bits of a software event mean nothing; of user and kernel only “neither” does. */
static double
counted(const SimEvent *event, double guest_ns, double host_ns)
{
    const SimRate *rate = &sim_rates[event->kind];
    bool guest = event->software || !event->attr.exclude_guest;
    bool host = event->software || !event->attr.exclude_host;

    if (event->attr.exclude_user && event->attr.exclude_kernel)
        return 0;
    return (guest ? guest_ns * rate->guest : 0) + (host ? host_ns * rate->host : 0);
}

static void
pass_time(const SimPmu *sim, const GPtrArray *list, double guest_ns, double host_ns)
{
    for (guint i = 0; i < list->len; i++) {
        const SimEvent *leader = list->pdata[i];

        for (guint k = 0; k < leader->members->len; k++) {
            SimEvent *event = leader->members->pdata[k];
            /* With a mediated vPMU the host's events are off the CPU while the guest runs. */
            bool off = sim->n_mediated_guests > 0 && !event->software;
            double on_cpu_ns = host_ns + (off ? 0 : guest_ns);

            if (event->state != SIM_WAITING && event->state != SIM_COUNTING)
                continue;
            event->enabled_ns += (int64_t) on_cpu_ns;
            if (event->state != SIM_COUNTING)
                continue;
            event->running_ns += (int64_t) on_cpu_ns;
            event->value += counted(event, off ? 0 : guest_ns, host_ns);
        }
    }
}

static void
pass_context(const SimPmu *sim, const SimContext *context, double guest_ns, double host_ns)
{
    pass_time(sim, context->pinned, guest_ns, host_ns);
    pass_time(sim, context->flexible, guest_ns, host_ns);
}

void
sim_pmu_run(SimPmu *sim, pid_t tid, int cpu, int64_t duration_ns, double guest_share)
{
    SimThread *thread = sim_thread(sim, tid);
    SimContext *on_cpu = sim_cpu(sim, cpu);

    for (int64_t left_ns = duration_ns; left_ns > 0; left_ns -= SIM_TICK_NS) {
        double step_ns = (double) MIN(left_ns, SIM_TICK_NS);
        double guest_ns = thread->is_guest ? step_ns * guest_share : 0;

        place_all(sim, on_cpu, &thread->context);
        pass_context(sim, on_cpu, guest_ns, step_ns - guest_ns);
        pass_context(sim, &thread->context, guest_ns, step_ns - guest_ns);
        for (int kind = 0; kind < SIM_KINDS; kind++) {
            thread->truth[kind][1] += guest_ns * sim_rates[kind].guest;
            thread->truth[kind][0] += (step_ns - guest_ns) * sim_rates[kind].host;
        }
        rotate(on_cpu);
        rotate(&thread->context);
    }
}
