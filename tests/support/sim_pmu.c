/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/sim_pmu_private.h"

#include <errno.h>
#include <string.h>

#define FIRST_FD 500
#define ANY_CPU (-1)
#define NO_THREAD (-1)

/* Guest mode and host mode differ, so that a count of the wrong mode is seen. */
const SimRate sim_rates[SIM_KINDS] = {
    [SIM_KIND_CYCLES] = { 2.5, 2.25 },
    [SIM_KIND_INSTRUCTIONS] = { 3.5, 1.25 },
    [SIM_KIND_REF_CYCLES] = { 2, 2 },
    [SIM_KIND_BRANCHES] = { 0.5, 0.25 },
    [SIM_KIND_BRANCH_MISSES] = { 0.015625, 0.03125 },
    [SIM_KIND_CACHE_REFERENCES] = { 0.0625, 0.125 },
    [SIM_KIND_CACHE_MISSES] = { 0.0078125, 0.0625 },
    [SIM_KIND_RAW] = { 0.5, 0.25 },
    [SIM_KIND_TASK_CLOCK] = { 1, 1 },
    [SIM_KIND_TRACEPOINT] = { 0, 0.0001220703125 },
    [SIM_KIND_OTHER_SOFTWARE] = { 0, 0 },
};

static const struct {
    const char *name;
    uint64_t config;
    SimKind kind;
} generic_events[] = {
    { "cycles", PERF_COUNT_HW_CPU_CYCLES, SIM_KIND_CYCLES },
    { "instructions", PERF_COUNT_HW_INSTRUCTIONS, SIM_KIND_INSTRUCTIONS },
    { "ref-cycles", PERF_COUNT_HW_REF_CPU_CYCLES, SIM_KIND_REF_CYCLES },
    { "branches", PERF_COUNT_HW_BRANCH_INSTRUCTIONS, SIM_KIND_BRANCHES },
    { "branch-misses", PERF_COUNT_HW_BRANCH_MISSES, SIM_KIND_BRANCH_MISSES },
    { "cache-references", PERF_COUNT_HW_CACHE_REFERENCES, SIM_KIND_CACHE_REFERENCES },
    { "cache-misses", PERF_COUNT_HW_CACHE_MISSES, SIM_KIND_CACHE_MISSES },
};

bool
sim_is_software(const struct perf_event_attr *attr)
{
    return attr->type == PERF_TYPE_SOFTWARE || attr->type == PERF_TYPE_TRACEPOINT;
}

SimKind
sim_kind(const struct perf_event_attr *attr)
{
    if (attr->type == PERF_TYPE_TRACEPOINT)
        return SIM_KIND_TRACEPOINT;
    if (attr->type == PERF_TYPE_SOFTWARE)
        return attr->config == PERF_COUNT_SW_TASK_CLOCK ? SIM_KIND_TASK_CLOCK
                                                        : SIM_KIND_OTHER_SOFTWARE;
    for (size_t i = 0; attr->type == PERF_TYPE_HARDWARE && i < G_N_ELEMENTS(generic_events); i++)
        if (generic_events[i].config == attr->config)
            return generic_events[i].kind;
    return SIM_KIND_RAW;
}

SimKind
sim_kind_of_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(generic_events); i++)
        if (g_str_equal(generic_events[i].name, name))
            return generic_events[i].kind;
    return SIM_KIND_RAW;
}

static void
free_event(void *data)
{
    SimEvent *event = data;

    g_clear_pointer(&event->members, g_ptr_array_unref);
    g_free(event);
}

static void
init_context(SimContext *context)
{
    context->pinned = g_ptr_array_new();
    context->flexible = g_ptr_array_new();
}

static void
clear_context(SimContext *context)
{
    g_ptr_array_unref(context->pinned);
    g_ptr_array_unref(context->flexible);
}

static void
free_thread(void *data)
{
    SimThread *thread = data;

    clear_context(&thread->context);
    g_ptr_array_unref(thread->guest_events);
    g_array_unref(thread->mediated_kinds);
    g_free(thread);
}

static void
free_cpu(void *data)
{
    clear_context(data);
    g_free(data);
}

SimPmu *
sim_pmu_new(const SimPmuOptions *options)
{
    SimPmu *sim = g_new0(SimPmu, 1);

    sim->options = *options;
    sim->events = g_ptr_array_new_with_free_func(free_event);
    sim->threads = g_ptr_array_new_with_free_func(free_thread);
    sim->cpus = g_ptr_array_new_with_free_func(free_cpu);
    sim->next_fd = FIRST_FD;
    sim->next_id = 1;
    sim->kernel = sim_calls(sim);
    return sim;
}

void
sim_pmu_free(SimPmu *sim)
{
    if (!sim)
        return;

    g_ptr_array_unref(sim->events);
    g_ptr_array_unref(sim->threads);
    g_ptr_array_unref(sim->cpus);
    g_free(sim);
}

const PmuKernel *
sim_pmu_kernel(const SimPmu *sim)
{
    return &sim->kernel;
}

SimThread *
sim_thread(const SimPmu *sim, pid_t tid)
{
    for (guint i = 0; i < sim->threads->len; i++) {
        SimThread *thread = sim->threads->pdata[i];

        if (thread->tid == tid)
            return thread;
    }
    return NULL;
}

/* A CPU is made when it is first spoken of; the watchdog is on each, older than anything else. */
SimContext *
sim_cpu(SimPmu *sim, int cpu)
{
    while (sim->cpus->len <= (guint) cpu) {
        SimContext *context = g_new0(SimContext, 1);

        init_context(context);
        g_ptr_array_add(sim->cpus, context);
        if (sim->options.watchdog)
            sim_pmu_competitor(sim, (int) sim->cpus->len - 1, true);
    }
    return sim->cpus->pdata[cpu];
}

void
sim_pmu_thread_starts(SimPmu *sim, pid_t tid)
{
    SimThread *thread = g_new0(SimThread, 1);

    thread->tid = tid;
    thread->alive = true;
    init_context(&thread->context);
    thread->guest_events = g_ptr_array_new();
    thread->mediated_kinds = g_array_new(false, false, sizeof(SimKind));
    g_ptr_array_add(sim->threads, thread);
}

void
sim_pmu_thread_ends(SimPmu *sim, pid_t tid)
{
    sim_thread(sim, tid)->alive = false;
}

void
sim_pmu_competitor(SimPmu *sim, int cpu, bool pinned)
{
    struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE,
                                    .config = PERF_COUNT_HW_CPU_CYCLES,
                                    .pinned = pinned };

    sim_cpu(sim, cpu);
    sim_event_new(sim, &attr, NO_THREAD, cpu, NULL);
}

int
sim_pmu_guest_starts(SimPmu *sim, pid_t tid)
{
    sim_cpu(sim, 0); /* the watchdog, where it is on, is there before any guest */
    if (sim->options.mediated && sim->n_including_guest > 0)
        return EBUSY;
    sim->n_mediated_guests += sim->options.mediated;
    sim_thread(sim, tid)->is_guest = true;
    return 0;
}

static void
forget_guest_events(SimPmu *sim, SimThread *thread)
{
    for (guint i = 0; i < thread->guest_events->len; i++)
        sim_event_remove(sim, thread->guest_events->pdata[i]);
    g_ptr_array_set_size(thread->guest_events, 0);
    g_array_set_size(thread->mediated_kinds, 0);
}

/* With a mediated vPMU the counters are the guest's own while it runs. */
static void
count_directly(SimThread *thread, SimKind kind)
{
    g_array_append_val(thread->mediated_kinds, kind);
    thread->mediated_start[kind] = thread->truth[kind][1];
}

/* pmc_reprogram_counter(): pinned, of guest mode, on the vCPU's thread; a new event is the
 * youngest. */
static void
count_by_event(SimPmu *sim, SimThread *thread, SimKind kind)
{
    struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE, .pinned = 1, .exclude_host = 1 };

    for (size_t i = 0; i < G_N_ELEMENTS(generic_events); i++)
        if (generic_events[i].kind == kind)
            attr.config = generic_events[i].config;
    if (kind == SIM_KIND_RAW)
        attr.type = PERF_TYPE_RAW;
    g_ptr_array_add(thread->guest_events, sim_event_new(sim, &attr, thread->tid, ANY_CPU, NULL));
}

void
sim_pmu_guest_counts(SimPmu *sim, pid_t tid, const char *const *events)
{
    SimThread *thread = sim_thread(sim, tid);

    forget_guest_events(sim, thread);
    for (; events && *events; events++) {
        SimKind kind = sim_kind_of_name(*events);

        if (sim->options.mediated)
            count_directly(thread, kind);
        else
            count_by_event(sim, thread, kind);
    }
}

uint64_t
sim_pmu_guest_value(const SimPmu *sim, pid_t tid, unsigned i)
{
    const SimThread *thread = sim_thread(sim, tid);
    SimKind kind;

    if (!sim->options.mediated)
        return (uint64_t) ((const SimEvent *) thread->guest_events->pdata[i])->value;
    kind = g_array_index(thread->mediated_kinds, SimKind, i);
    return (uint64_t) (thread->truth[kind][1] - thread->mediated_start[kind]);
}

uint64_t
sim_pmu_truth(const SimPmu *sim, pid_t tid, const char *event, bool guest_mode)
{
    return (uint64_t) sim_thread(sim, tid)->truth[sim_kind_of_name(event)][guest_mode];
}

bool
sim_pmu_overfull(const SimPmu *sim)
{
    return sim->overfull;
}
