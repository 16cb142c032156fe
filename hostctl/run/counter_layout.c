/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/counter_layout.h"

#include <string.h>

#include "hostctl/collect/kvm_pmu.h"

/* The events that need a PMU, or those that do not, as bits. */
static bool
events_by_kind(const char *const *events, uint32_t *ret_hardware, uint32_t *ret_software,
               GError **error)
{
    *ret_hardware = *ret_software = 0;
    for (unsigned i = 0; events[i]; i++) {
        PmuEvent event;

        if (!pmu_event_encode(events[i], PMU_MODE_SELF, &event, error))
            return false;
        *(pmu_event_is_software(&event) ? ret_software : ret_hardware) |= 1u << i;
    }
    return true;
}

static void
drop_phase(BudgetLayout *layout, unsigned at)
{
    layout->n_phases--;
    memmove(&layout->phases[at], &layout->phases[at + 1],
            (layout->n_phases - at) * sizeof layout->phases[0]);
}

/* What asks the guest to count less has no place in a visit where it cannot. */
static void
keep_guest_counting(BudgetLayout *layout, uint32_t guest)
{
    for (unsigned i = layout->n_phases; i-- > 0;)
        if (layout->phases[i].guest != guest)
            drop_phase(layout, i);
}

static void
add_to_mode(BudgetPhase *phase, PmuMode mode, uint32_t events)
{
    for (unsigned g = 0; g < phase->n_groups; g++) {
        if (phase->groups[g].mode != mode)
            continue;
        phase->groups[g].events |= events;
        return;
    }
}

/* One phase with everything in it: the verdict of each window says what came of it. */
static void
without_capacity(uint32_t all, bool mediated, BudgetLayout *layout)
{
    BudgetPhase phase = { .name = "all", .guest = all };

    if (!mediated)
        phase.groups[phase.n_groups++] = (BudgetGroup){ PMU_MODE_GUEST, all };
    phase.groups[phase.n_groups++] = (BudgetGroup){ PMU_MODE_HOST, all };
    *layout = (BudgetLayout){ .kind = mediated ? BUDGET_HOST_ONLY : BUDGET_TOGETHER,
                              .turn_windows = BUDGET_TURN_WINDOWS,
                              .n_phases = 1,
                              .phases = { phase },
                              .reason = "how many counters this CPU has is not known: everything "
                                        "is tried at once" };
}

CounterNeed
counter_need_of(const Plan *plan, bool mediated)
{
    return (CounterNeed){ .events = (const char *const *) plan->events,
                          .mediated = mediated,
                          .guest_yields = plan->micro.scope != PLAN_SCOPE_TASK,
                          .windows = (unsigned) ((int64_t) (plan->measure_seconds * 1000) /
                                                 plan->interval_ms) };
}

/* Of a turn of one window nothing is whole: see counter_layout_compared(). */
static void
shorten_turns(BudgetLayout *layout, unsigned windows)
{
    layout->turn_windows = CLAMP(windows / layout->n_phases, 2, BUDGET_TURN_WINDOWS);
}

static void
add_software(BudgetLayout *layout, uint32_t software)
{
    for (unsigned i = 0; i < layout->n_phases; i++) {
        if (layout->phases[i].guest)
            layout->phases[i].guest |= software;
        add_to_mode(&layout->phases[i], PMU_MODE_GUEST, software);
        add_to_mode(&layout->phases[i], PMU_MODE_HOST, software);
    }
}

bool
counter_layout_plan(const CounterNeed *need, const Sysroot *root, BudgetLayout *ret_layout,
                    GError **error)
{
    BudgetRequest request = { .events = need->events,
                              .mediated = need->mediated,
                              .watchdog = kvm_pmu_has_watchdog(root) };
    uint32_t hardware, software;

    if (!events_by_kind(need->events, &hardware, &software, error))
        return false;
    if (hardware == 0 || !kvm_pmu_capacity(root, &request.capacity)) {
        without_capacity(hardware | software, need->mediated, ret_layout);
        return true;
    }
    request.guest = request.host_of_guest = request.host = hardware;
    if (!budget_plan(&request, ret_layout, error))
        return false;
    if (ret_layout->kind == BUDGET_ALTERNATE && need->guest_yields)
        shorten_turns(ret_layout, need->windows);
    else
        keep_guest_counting(ret_layout, hardware);
    add_software(ret_layout, software);
    return true;
}

bool
counter_layout_guest_takes_turns(const BudgetLayout *layout)
{
    return layout->kind == BUDGET_ALTERNATE && layout->n_phases > 1;
}

static bool
has_both_sides(const BudgetPhase *phase)
{
    for (unsigned g = 0; g < phase->n_groups; g++)
        if (phase->groups[g].mode == PMU_MODE_GUEST && (phase->groups[g].events & phase->guest))
            return true;
    return false;
}

unsigned
counter_layout_compared(const BudgetLayout *layout, unsigned windows)
{
    unsigned turn = layout->n_phases > 1 ? layout->turn_windows : MAX(windows, 1);
    unsigned lost = counter_layout_guest_takes_turns(layout) ? 1 : 0, compared = 0;

    for (unsigned first = 0, i = 0; first < windows; first += turn, i++)
        if (has_both_sides(&layout->phases[i % layout->n_phases]))
            compared += MIN(turn, windows - first) - lost;
    return compared;
}

static bool
write_phase(DatasetWriter *writer, const BudgetLayout *layout, unsigned i,
            const char *const *events, GError **error)
{
    const BudgetPhase *phase = &layout->phases[i];
    g_autofree char *guest = budget_phase_guest_text(phase, events);
    g_autofree char *host = budget_phase_host_text(phase, events);
    const PhaseRow row = { i + 1, phase->name, layout->turn_windows, guest, host };

    return writer_phase(writer, &row, error);
}

bool
counter_layout_write(DatasetWriter *writer, const BudgetLayout *layout, const CounterNeed *need,
                     GError **error)
{
    if (layout->n_phases < 2)
        return true;
    if (!writer_begin(writer, error))
        return false;
    for (unsigned i = 0; i < layout->n_phases; i++)
        if (!write_phase(writer, layout, i, need->events, error))
            return false;
    return writer_commit(writer, error);
}

static char *
turns_text(const BudgetLayout *layout, const CounterNeed *need)
{
    unsigned cycle = layout->turn_windows * layout->n_phases;
    unsigned compared = counter_layout_compared(layout, need->windows);
    g_autofree char *short_of =
        need->windows < cycle
            ? g_strdup_printf("; a visit does not hold all turns, which take %u windows: measure "
                              "longer, or count fewer events",
                              cycle)
            : g_strdup("");

    return g_strdup_printf("; turns of %u windows, begun anew with each visit: in %u of its %u "
                           "windows guest and host can be compared, in the events that both "
                           "count there%s",
                           layout->turn_windows, compared, need->windows, short_of);
}

char *
counter_layout_text(const BudgetLayout *layout, const CounterNeed *need)
{
    const BudgetRequest request = { .events = need->events };
    g_autofree char *phases = budget_layout_text(layout, &request);
    g_autofree char *turns = NULL;

    if (counter_layout_guest_takes_turns(layout))
        turns = turns_text(layout, need);
    else if (layout->kind == BUDGET_ALTERNATE)
        turns = g_strdup("; the guest counts its load alone, which goes on, so the host does not "
                         "count");
    return g_strdup_printf("%s: %s%s\n%s", budget_kind_name(layout->kind), layout->reason,
                           turns ? turns : "", phases);
}
