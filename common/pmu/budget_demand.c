/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/budget_demand.h"

#include <string.h>

#include "common/base/failure.h"

/* What of the hardware an event can be counted on. */
typedef enum {
    CLASS_ANY, /* a general counter */
    CLASS_INSTRUCTIONS,
    CLASS_CYCLES,
    CLASS_REF_CYCLES,
    CLASS_NONE, /* kept by the kernel: needs no counter */
    CLASSES,
} EventClass;

static const struct {
    const char *name;
    EventClass class;
} class_names[] = {
    { "cycles", CLASS_CYCLES },
    { "cpu-cycles", CLASS_CYCLES },
    { "instructions", CLASS_INSTRUCTIONS },
    { "ref-cycles", CLASS_REF_CYCLES },
};

static bool
name_is(const char *event, const char *name)
{
    size_t length = strcspn(event, ":");

    return strlen(name) == length && strncmp(event, name, length) == 0;
}

/* Raw and libpfm4 names may stand for what a fixed counter counts; a general one always does. */
static EventClass
event_class(const char *event)
{
    for (size_t i = 0; i < G_N_ELEMENTS(class_names); i++)
        if (name_is(event, class_names[i].name))
            return class_names[i].class;
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (name_is(event, event_list[i].name) && event_list[i].kind == EVENT_KIND_SOFTWARE)
            return CLASS_NONE;
    return CLASS_ANY;
}

uint32_t
budget_event_bit(const char *const *events, const char *name)
{
    for (unsigned i = 0; events[i] && i < EVENT_MAX; i++)
        if (name_is(events[i], name))
            return 1u << i;
    return 0;
}

static bool
class_demand(const PmuCapacity *capacity, const unsigned times[CLASSES], unsigned *ret_general,
             unsigned *ret_fixed)
{
    unsigned on_instructions =
        (capacity->fixed & PMU_FIXED_INSTRUCTIONS) && times[CLASS_INSTRUCTIONS] > 0;
    unsigned on_cycles = (capacity->fixed & PMU_FIXED_CYCLES) && times[CLASS_CYCLES] > 0;
    unsigned on_ref = 0, general_ref = 0;

    if (capacity->general_ref_cycles)
        general_ref = times[CLASS_REF_CYCLES];
    else if (times[CLASS_REF_CYCLES] > ((capacity->fixed & PMU_FIXED_REF_CYCLES) ? 1u : 0u))
        return false;
    else
        on_ref = times[CLASS_REF_CYCLES];

    *ret_fixed = on_instructions + on_cycles + on_ref;
    *ret_general = times[CLASS_ANY] + times[CLASS_INSTRUCTIONS] + times[CLASS_CYCLES] +
                   general_ref - on_instructions - on_cycles;
    return true;
}

static void
count_classes(const char *const *events, uint32_t bits, unsigned times[CLASSES])
{
    for (unsigned i = 0; events[i] && i < EVENT_MAX; i++)
        if (bits & 1u << i)
            times[event_class(events[i])]++;
}

bool
budget_demand(const PmuCapacity *capacity, const char *const *events, const unsigned *times,
              unsigned *ret_general, unsigned *ret_fixed)
{
    unsigned classes[CLASSES] = { 0 };
    unsigned general, fixed;

    for (unsigned i = 0; events[i] && i < EVENT_MAX; i++)
        classes[event_class(events[i])] += times[i];
    if (!class_demand(capacity, classes, &general, &fixed))
        return false;

    *ret_general = general;
    if (ret_fixed)
        *ret_fixed = fixed;
    return true;
}

/* Under a mediated vPMU the guest's events are not the host's. */
static void
phase_classes(const BudgetRequest *request, const BudgetPhase *phase, unsigned times[CLASSES])
{
    if (!request->mediated)
        count_classes(request->events, phase->guest, times);
    for (unsigned i = 0; i < phase->n_groups; i++)
        count_classes(request->events, phase->groups[i].events, times);
    times[CLASS_CYCLES] += request->watchdog;
}

bool
budget_phase_fits(const BudgetRequest *request, BudgetPhase *phase)
{
    unsigned times[CLASSES] = { 0 };

    phase_classes(request, phase, times);
    return class_demand(&request->capacity, times, &phase->general, &phase->fixed) &&
           phase->general <= request->capacity.general;
}

static bool
check_events(const BudgetRequest *request, GError **error)
{
    unsigned n = g_strv_length((char **) request->events);
    uint32_t all = (1u << MIN(n, EVENT_MAX)) - 1;

    if (n == 0 || n > EVENT_MAX)
        return failure_set(error, FAILURE_FAILED, "%u events (1 to %d can be counted)", n,
                           EVENT_MAX);
    if ((request->guest | request->host_of_guest | request->host) & ~all)
        return failure_set(error, FAILURE_FAILED, "a layout for more events than are named");
    if (request->capacity.general == 0)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "this CPU shows no performance counters: use emulated counters");
    if (budget_event_bit(request->events, "ref-cycles") && !request->capacity.general_ref_cycles &&
        !(request->capacity.fixed & PMU_FIXED_REF_CYCLES))
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "ref-cycles: this CPU cannot count it; take cycles");
    return true;
}

static bool
check_guest(const BudgetRequest *request, GError **error)
{
    PmuCapacity vpmu = { .general = request->capacity.guest_general,
                         .fixed = request->capacity.guest_fixed,
                         .general_ref_cycles = request->capacity.general_ref_cycles };
    BudgetPhase alone = { .guest = request->guest };
    unsigned times[CLASSES] = { 0 };
    unsigned general, fixed;

    count_classes(request->events, request->guest, times);
    if (!class_demand(&vpmu, times, &general, &fixed) || general > vpmu.general)
        return failure_set(error, FAILURE_FAILED,
                           "the guest's own events need more than the %u general counters that "
                           "KVM gives to a guest: ask for fewer events",
                           vpmu.general);
    if (!budget_phase_fits(request, &alone))
        return failure_set(error, FAILURE_FAILED,
                           "the guest's own events and the NMI watchdog need %u general counters "
                           "and a hardware thread has %u: one of the guest's would stand still in "
                           "silence; switch the watchdog off (sysctl kernel.nmi_watchdog=0) or "
                           "ask for fewer events",
                           alone.general, request->capacity.general);
    return true;
}

bool
budget_request_check(const BudgetRequest *request, GError **error)
{
    if (!check_events(request, error))
        return false;
    if (request->mediated && request->watchdog)
        return failure_set(error, FAILURE_FAILED,
                           "a mediated vPMU starts no guest while the NMI watchdog counts: switch "
                           "it off (sysctl kernel.nmi_watchdog=0)");
    return check_guest(request, error);
}

static const char *const reasons[] = {
    [BUDGET_TOGETHER] = "everything fits at once",
    [BUDGET_TURNS] = "the guest's events and one whole group of the host's fit at once, not both "
                     "groups",
    [BUDGET_PAIRS] = "beside the guest's events there is no room for a whole group of the host's, "
                     "but for pairs",
    [BUDGET_ALTERNATE] = "beside the guest's events there is no room even for a pair of the "
                         "host's",
    [BUDGET_HOST_ONLY] = "the mediated vPMU refuses events of guest mode to the host",
};

void
budget_explain(const BudgetRequest *request, BudgetLayout *layout)
{
    BudgetPhase all = { .guest = request->guest, .n_groups = 2 };
    bool countable;
    GString *text = g_string_new(reasons[layout->kind]);

    all.groups[0].events = request->mediated ? 0 : request->host_of_guest;
    all.groups[1].events = request->host;
    countable = budget_phase_fits(request, &all) || all.general > 0;
    if (countable)
        g_string_append_printf(text, " (all at once: %u general counters of %u%s)", all.general,
                               request->capacity.general,
                               request->watchdog ? ", the NMI watchdog's with them" : "");
    else
        g_string_append(text, " (ref-cycles has one counter only)");
    g_strlcpy(layout->reason, text->str, sizeof layout->reason);
    g_string_free(text, TRUE);
}

static void
append_events(GString *text, const char *const *events, uint32_t bits)
{
    const char *comma = "";

    for (unsigned i = 0; events[i] && i < EVENT_MAX; i++) {
        if (!(bits & 1u << i))
            continue;
        g_string_append_printf(text, "%s%s", comma, events[i]);
        comma = ",";
    }
}

char *
budget_phase_guest_text(const BudgetPhase *phase, const char *const *events)
{
    GString *text;

    if (!phase->guest)
        return NULL;
    text = g_string_new(NULL);
    append_events(text, events, phase->guest);
    return g_string_free(text, FALSE);
}

char *
budget_phase_host_text(const BudgetPhase *phase, const char *const *events)
{
    GString *text;

    if (phase->n_groups == 0)
        return NULL;
    text = g_string_new(NULL);
    for (unsigned g = 0; g < phase->n_groups; g++) {
        g_string_append(text, g ? " {" : "{");
        append_events(text, events, phase->groups[g].events);
        g_string_append(text, phase->groups[g].mode == PMU_MODE_GUEST ? "}:G" : "}:H");
    }
    return g_string_free(text, FALSE);
}

char *
budget_layout_text(const BudgetLayout *layout, const BudgetRequest *request)
{
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < layout->n_phases; i++) {
        const BudgetPhase *phase = &layout->phases[i];
        g_autofree char *guest = budget_phase_guest_text(phase, request->events);
        g_autofree char *host = budget_phase_host_text(phase, request->events);

        g_string_append_printf(text, "%s%s:%s%s%s%s; %u general, %u fixed", i ? "\n" : "",
                               phase->name, guest ? " guest " : "", guest ? guest : "",
                               host ? " " : "", host ? host : "", phase->general, phase->fixed);
    }
    return g_string_free(text, FALSE);
}
