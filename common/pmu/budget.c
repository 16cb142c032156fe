/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/budget.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/pmu/budget_demand.h"

/* Groups still to be placed in phases, in order. */
typedef struct {
    unsigned n;
    BudgetGroup groups[2 * EVENT_MAX];
} Queue;

static const char *const kind_names[] = {
    [BUDGET_TOGETHER] = "together",   [BUDGET_TURNS] = "turns",         [BUDGET_PAIRS] = "pairs",
    [BUDGET_ALTERNATE] = "alternate", [BUDGET_HOST_ONLY] = "host-only",
};

const char *
budget_kind_name(BudgetKind kind)
{
    return kind_names[kind];
}

static void
queue_whole(Queue *queue, PmuMode mode, uint32_t events)
{
    if (events)
        queue->groups[queue->n++] = (BudgetGroup){ mode, events };
}

/* Each event beside cycles (or, without cycles, beside the first): a ratio needs both at once. */
static void
queue_pairs(Queue *queue, const BudgetRequest *request, PmuMode mode, uint32_t events)
{
    uint32_t anchor = budget_event_bit(request->events, "cycles") & events;

    if (!anchor)
        anchor = events & -events;
    if (events == anchor)
        queue_whole(queue, mode, events);
    for (uint32_t rest = events & ~anchor; rest; rest &= rest - 1)
        queue_whole(queue, mode, anchor | (rest & -rest));
}

static Queue
whole_groups(const BudgetRequest *request)
{
    Queue queue = { 0 };

    if (!request->mediated)
        queue_whole(&queue, PMU_MODE_GUEST, request->host_of_guest);
    queue_whole(&queue, PMU_MODE_HOST, request->host);
    return queue;
}

static Queue
pair_groups(const BudgetRequest *request)
{
    Queue queue = { 0 };

    if (!request->mediated)
        queue_pairs(&queue, request, PMU_MODE_GUEST, request->host_of_guest);
    queue_pairs(&queue, request, PMU_MODE_HOST, request->host);
    return queue;
}

static bool
try_group(const BudgetRequest *request, BudgetPhase *phase, BudgetGroup group)
{
    BudgetPhase bigger = *phase;

    if (bigger.n_groups == BUDGET_GROUP_MAX)
        return false;
    bigger.groups[bigger.n_groups++] = group;
    if (!budget_phase_fits(request, &bigger))
        return false;
    *phase = bigger;
    return true;
}

/*
 * Puts each group into the first phase that has room, opening phases as needed after those that
 * the layout has. False, with the layout as it was, when a group fits in no phase.
 */
static bool
pack(const BudgetRequest *request, const Queue *queue, const char *name, uint32_t guest,
     BudgetLayout *layout)
{
    unsigned first = layout->n_phases;

    for (unsigned i = 0; i < queue->n; i++) {
        unsigned at = first;

        while (at < layout->n_phases && !try_group(request, &layout->phases[at], queue->groups[i]))
            at++;
        if (at < layout->n_phases)
            continue;
        layout->phases[at] = (BudgetPhase){ .name = name, .guest = guest };
        if (at == BUDGET_PHASE_MAX - 1 ||
            !try_group(request, &layout->phases[at], queue->groups[i])) {
            layout->n_phases = first;
            return false;
        }
        layout->n_phases++;
    }
    return true;
}

static void
add_phase(const BudgetRequest *request, BudgetLayout *layout, BudgetPhase phase)
{
    if (budget_phase_fits(request, &phase))
        layout->phases[layout->n_phases++] = phase;
}

/* Cycles and the event that the claim is about, when both are there: else any two. */
static uint32_t
overlap_events(const BudgetRequest *request)
{
    uint32_t both = request->guest & request->host_of_guest;
    uint32_t wanted = budget_event_bit(request->events, "cycles") |
                      budget_event_bit(request->events, "branch-misses");
    uint32_t chosen = both & wanted;

    for (uint32_t rest = both & ~wanted; rest && __builtin_popcount(chosen) < 2; rest &= rest - 1)
        chosen |= rest & -rest;
    return chosen;
}

static bool
plan_alternate(const BudgetRequest *request, BudgetLayout *layout)
{
    Queue whole = whole_groups(request), pairs = pair_groups(request);
    uint32_t overlap = overlap_events(request);

    layout->kind = BUDGET_ALTERNATE;
    add_phase(request, layout, (BudgetPhase){ .name = "guest-only", .guest = request->guest });
    if (!pack(request, &whole, "host-only", 0, layout) &&
        !pack(request, &pairs, "host-only", 0, layout))
        return false;
    if (overlap)
        add_phase(request, layout,
                  (BudgetPhase){ .name = "overlap",
                                 .guest = overlap,
                                 .n_groups = 1,
                                 .groups = { { PMU_MODE_GUEST, overlap } } });
    return true;
}

static bool
plan_shared(const BudgetRequest *request, BudgetLayout *layout)
{
    Queue whole = whole_groups(request), pairs = pair_groups(request);

    if (whole.n == 0) {
        add_phase(request, layout, (BudgetPhase){ .name = "all", .guest = request->guest });
        layout->kind = BUDGET_TOGETHER;
        return true;
    }
    if (pack(request, &whole, "turn", request->guest, layout)) {
        layout->kind = layout->n_phases == 1 ? BUDGET_TOGETHER : BUDGET_TURNS;
        if (layout->n_phases == 1)
            layout->phases[0].name = "all";
        return true;
    }
    layout->kind = BUDGET_PAIRS;
    return pack(request, &pairs, "pairs", request->guest, layout) ||
           plan_alternate(request, layout);
}

static bool
plan_mediated(const BudgetRequest *request, BudgetLayout *layout)
{
    Queue whole = whole_groups(request), pairs = pair_groups(request);

    layout->kind = BUDGET_HOST_ONLY;
    if (whole.n == 0) {
        add_phase(request, layout, (BudgetPhase){ .name = "all", .guest = request->guest });
        return true;
    }
    return pack(request, &whole, "all", request->guest, layout) ||
           pack(request, &pairs, "pairs", request->guest, layout);
}

bool
budget_plan(const BudgetRequest *request, BudgetLayout *ret_layout, GError **error)
{
    g_autofree BudgetLayout *layout = g_new0(BudgetLayout, 1);
    bool planned;

    if (!budget_request_check(request, error))
        return false;

    planned = request->mediated ? plan_mediated(request, layout) : plan_shared(request, layout);
    if (!planned)
        return failure_set(error, FAILURE_FAILED,
                           "not even two of these events fit into the %u counters that a "
                           "hardware thread has: ask for fewer events",
                           request->capacity.general);
    layout->turn_windows = BUDGET_TURN_WINDOWS;
    budget_explain(request, layout);
    *ret_layout = *layout;
    return true;
}
