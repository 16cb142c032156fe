/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/stat/stat_setup.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/pmu/budget.h"
#include "hostctl/collect/kvm_pmu.h"

#define HYBRID_PMU "sys/bus/event_source/devices/cpu_core"

static const char *const exit_files[] = {
    "sys/kernel/tracing/events/kvm/kvm_exit/id",
    "sys/kernel/debug/tracing/events/kvm/kvm_exit/id",
};

static uint64_t
exit_tracepoint(const Sysroot *root)
{
    uint64_t id;

    for (size_t i = 0; i < G_N_ELEMENTS(exit_files); i++)
        if (sysroot_read_u64(root, exit_files[i], &id, NULL))
            return id;
    return 0;
}

bool
stat_setup_read(const Sysroot *root, const StatEvents *events, StatSetup *ret_setup, GError **error)
{
    if (stat_events_need_pmu(events) && sysroot_exists(root, HYBRID_PMU))
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "this CPU has two kinds of cores, on which the same event counts "
                           "different things: ask for software events only (-e task-clock)");
    *ret_setup = (StatSetup){
        .root = root,
        .events = events,
        .no_guest_mode = kvm_pmu_is_mediated(root),
        .exit_tracepoint = exit_tracepoint(root),
    };
    return true;
}

/* The event's place in the list of all, which grows by it when it is new. */
static unsigned
place_of(const char **all, const char *name)
{
    unsigned i = 0;

    while (all[i] && !g_str_equal(all[i], name))
        i++;
    all[i] = name;
    return i;
}

/* Which events are wanted in which mode, as the planner asks it. Of "both" each counts as one more.
 */
static bool
fill_request(const StatSetup *setup, const PmuCapacity *capacity, const char **all,
             BudgetRequest *request)
{
    static const size_t modes[] = { STAT_GUEST, STAT_HOST };
    uint32_t bits[STAT_MODES] = { 0 };

    for (size_t m = 0; m < G_N_ELEMENTS(modes); m++)
        for (char **name = setup->events->names[modes[m]]; *name; name++) {
            unsigned place = place_of(all, *name);

            if (place >= EVENT_MAX)
                return false;
            bits[modes[m]] |= 1u << place;
        }
    *request = (BudgetRequest){ .capacity = *capacity,
                                .events = all,
                                .mediated = setup->no_guest_mode,
                                .host_of_guest = bits[STAT_GUEST],
                                .host = bits[STAT_HOST] };
    return all[0] != NULL;
}

char *
stat_setup_budget_note(const StatSetup *setup, const PmuCapacity *capacity)
{
    const char *all[2 * EVENT_MAX + 1] = { NULL };
    g_autoptr(GError) problem = NULL;
    BudgetRequest request;
    BudgetLayout layout;
    if (!fill_request(setup, capacity, all, &request))
        return NULL;
    request.watchdog = kvm_pmu_has_watchdog(setup->root) && !request.mediated;
    if (!budget_plan(&request, &layout, &problem))
        return g_strdup(problem->message);
    if (layout.n_phases <= 1)
        return NULL;
    return g_strdup_printf("these events need more than the %u general counters of a hardware "
                           "thread: they take turns, their values are extrapolated, and the "
                           "guest's own counting goes before them",
                           capacity->general);
}
