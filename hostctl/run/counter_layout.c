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

/* What asks the guest to count less has no place in a visit. */
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
                              .n_phases = 1,
                              .phases = { phase },
                              .reason = "how many counters this CPU has is not known: everything "
                                        "is tried at once" };
}

bool
counter_layout_plan(const char *const *events, const Sysroot *root, bool mediated,
                    BudgetLayout *ret_layout, GError **error)
{
    BudgetRequest request = { .events = events,
                              .mediated = mediated,
                              .watchdog = kvm_pmu_has_watchdog(root) };
    uint32_t hardware, software;

    if (!events_by_kind(events, &hardware, &software, error))
        return false;
    if (hardware == 0 || !kvm_pmu_capacity(root, &request.capacity)) {
        without_capacity(hardware | software, mediated, ret_layout);
        return true;
    }
    request.guest = request.host_of_guest = request.host = hardware;
    if (!budget_plan(&request, ret_layout, error))
        return false;
    keep_guest_counting(ret_layout, hardware);
    for (unsigned i = 0; i < ret_layout->n_phases; i++) {
        add_to_mode(&ret_layout->phases[i], PMU_MODE_GUEST, software);
        add_to_mode(&ret_layout->phases[i], PMU_MODE_HOST, software);
    }
    return true;
}

char *
counter_layout_text(const BudgetLayout *layout, const char *const *events)
{
    const BudgetRequest request = { .events = events };
    g_autofree char *phases = budget_layout_text(layout, &request);

    return g_strdup_printf("%s: %s%s\n%s", budget_kind_name(layout->kind), layout->reason,
                           layout->kind == BUDGET_ALTERNATE
                               ? "; the guest's counting goes on, so the host does not count"
                               : "",
                           phases);
}
