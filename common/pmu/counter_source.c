/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/counter_source.h"

#include <errno.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/pmu/pmu_refusal.h"

typedef enum { PLACE_NOWHERE, PLACE_GROUP, PLACE_PAGE } Place;

/* Where one of the caller's events is found. */
typedef struct {
    PmuEvent event;
    Place place;
    unsigned index; /* in the group's reading or the page's */
    int refusal;    /* errno, when PLACE_NOWHERE */
    char *reason;   /* the same in words */
} Slot;

struct Counters {
    CounterSource source;
    unsigned n_events;
    Slot slots[EVENT_MAX];
    char *problem;   /* the reasons of all slots */
    PmuGroup *group; /* NULL: nothing comes from the kernel */

    EmulatedPage *page;
    unsigned vcpu, n_page_events;
    const char *page_events[EVENT_MAX + 1];
    int64_t opened_ns;
    uint64_t instance; /* of the page, at the last read */
};

static const char *const source_names[] = {
    [COUNTER_SOURCE_AUTO] = "auto",
    [COUNTER_SOURCE_HARDWARE] = "hardware",
    [COUNTER_SOURCE_EMULATED] = "emulated",
    [COUNTER_SOURCE_SOFTWARE] = "software",
};

const char *
counter_source_name(CounterSource source)
{
    return source_names[source];
}

bool
counter_source_parse(const char *name, CounterSource *ret_source, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(source_names); i++) {
        if (!g_str_equal(name, source_names[i]))
            continue;
        *ret_source = (CounterSource) i;
        return true;
    }
    return failure_set(error, FAILURE_USAGE,
                       "“%s” is no source (want auto, hardware, emulated or software)", name);
}

static void
open_in_kernel(Counters *counters, const CounterTarget *target, Slot *slot)
{
    unsigned index;
    FailureCode code;

    if (!counters->group)
        counters->group = pmu_group_new(&target->pmu);
    index = pmu_group_size(counters->group);
    slot->refusal = pmu_group_add(counters->group, &slot->event, NULL);
    if (slot->refusal) {
        slot->reason = pmu_refusal_reason(slot->refusal, &slot->event, index, &code);
        return;
    }
    slot->place = PLACE_GROUP;
    slot->index = index;
}

/* The page knows neither levels nor what the host does for the guest. */
static bool
page_has(const PmuEvent *event)
{
    return event->known && emulated_has_event(event->known->name) && !event->attr.exclude_user &&
           !event->attr.exclude_kernel && !event->attr.exclude_guest;
}

static void
open_on_page(Counters *counters, Slot *slot)
{
    if (!page_has(&slot->event)) {
        slot->refusal = EOPNOTSUPP;
        slot->reason = g_strdup("the emulated page has no such event");
        return;
    }
    slot->place = PLACE_PAGE;
    slot->index = counters->n_page_events;
    counters->page_events[counters->n_page_events++] = slot->event.known->name;
}

static void
open_slot(Counters *counters, const CounterTarget *target, Slot *slot)
{
    if (pmu_event_is_software(&slot->event) || counters->source == COUNTER_SOURCE_HARDWARE) {
        open_in_kernel(counters, target, slot);
    } else if (counters->source == COUNTER_SOURCE_EMULATED) {
        open_on_page(counters, slot);
    } else {
        slot->refusal = ENOENT;
        slot->reason = g_strdup("no software event");
    }
}

/* "cycles, branches: REASON; r00c5: REASON": each reason once, with the events that it forbids. */
static char *
list_problems(const Counters *counters)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (unsigned i = 0; i < counters->n_events; i++) {
        const char *reason = counters->slots[i].reason;
        bool said = !reason;

        for (unsigned before = 0; before < i && !said; before++)
            said = g_strcmp0(counters->slots[before].reason, reason) == 0;
        if (said)
            continue;
        g_string_append_printf(text, "%s%s", text->len ? "; " : "",
                               counters->slots[i].event.printable);
        for (unsigned later = i + 1; later < counters->n_events; later++)
            if (g_strcmp0(counters->slots[later].reason, reason) == 0)
                g_string_append_printf(text, ", %s", counters->slots[later].event.printable);
        g_string_append_printf(text, ": %s", reason);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static bool
encode_events(Counters *counters, PmuMode mode, const char *const *events, GError **error)
{
    for (; *events; events++) {
        if (counters->n_events == EVENT_MAX)
            return failure_set(error, FAILURE_USAGE, "more than %d events in one group", EVENT_MAX);
        if (!pmu_event_encode(*events, mode, &counters->slots[counters->n_events].event, error))
            return false;
        counters->n_events++;
    }
    return counters->n_events > 0 || failure_set(error, FAILURE_USAGE, "no events are given");
}

static bool
open_page(Counters *counters, const CounterTarget *target, GError **error)
{
    if (!target->page)
        return failure_set(error, FAILURE_UNSUPPORTED,
                           "there is no emulated counter page to count from");
    if (target->vcpu >= emulated_vcpus(target->page))
        return failure_set(error, FAILURE_FAILED,
                           "the emulated counter page has no vCPU %u (it has %u)", target->vcpu,
                           emulated_vcpus(target->page));

    counters->page = target->page;
    counters->vcpu = target->vcpu;
    return true;
}

static bool
counts_place(const Counters *counters, Place place)
{
    for (unsigned i = 0; i < counters->n_events; i++)
        if (counters->slots[i].place == place)
            return true;
    return false;
}

static bool
fail_all(const Counters *counters, const CounterTarget *target, GError **error)
{
    g_autofree char *where = pmu_target_describe(&target->pmu);

    return failure_set(error, FAILURE_UNSUPPORTED, "nothing can be counted%s%s: %s",
                       counters->group ? " on " : "", counters->group ? where : "",
                       counters->problem);
}

/* Starts what was opened, and reads once so that a page that is none is noticed now. */
static bool
start(Counters *counters, const CounterTarget *target, GError **error)
{
    CounterReading reading;

    if (!counts_place(counters, PLACE_GROUP) && !counts_place(counters, PLACE_PAGE))
        return fail_all(counters, target, error);
    if (counters->group && !target->pmu.start_on_exec && !pmu_group_enable(counters->group, error))
        return false;
    counters->opened_ns = clock_raw_ns();
    return counters_read(counters, &reading, error);
}

/* One attempt with a source that is not AUTO. */
static Counters *
open_from(CounterSource source, const CounterTarget *target, const char *const *events,
          GError **error)
{
    g_autoptr(Counters) counters = g_new0(Counters, 1);

    counters->source = source;
    if (!encode_events(counters, target->mode, events, error))
        return NULL;
    if (source == COUNTER_SOURCE_EMULATED && !open_page(counters, target, error))
        return NULL;
    for (unsigned i = 0; i < counters->n_events; i++)
        open_slot(counters, target, &counters->slots[i]);
    counters->problem = list_problems(counters);
    if (!start(counters, target, error))
        return NULL;
    return g_steal_pointer(&counters);
}

static bool
counts_hardware(const Counters *counters)
{
    for (unsigned i = 0; i < counters->n_events; i++)
        if (counters->slots[i].place == PLACE_GROUP &&
            !pmu_event_is_software(&counters->slots[i].event))
            return true;
    return false;
}

static bool
wants_hardware(const Counters *counters)
{
    for (unsigned i = 0; i < counters->n_events; i++)
        if (!pmu_event_is_software(&counters->slots[i].event))
            return true;
    return false;
}

/*
 * Hardware first. When it gave only software events (or nothing), the page is tried; and when
 * there is none, what hardware gave is called by its name: software.
 */
static Counters *
open_auto(const CounterTarget *target, const char *const *events, GError **error)
{
    g_autoptr(GError) hardware_error = NULL;
    g_autoptr(Counters) counters =
        open_from(COUNTER_SOURCE_HARDWARE, target, events, &hardware_error);

    if (counters && counts_hardware(counters))
        return g_steal_pointer(&counters);
    if (g_error_matches(hardware_error, FAILURE, FAILURE_USAGE)) {
        g_propagate_error(error, g_steal_pointer(&hardware_error));
        return NULL;
    }
    if (target->page && (!counters || wants_hardware(counters))) {
        counters_close(g_steal_pointer(&counters));
        return open_from(COUNTER_SOURCE_EMULATED, target, events, error);
    }
    if (!counters) {
        g_propagate_error(error, g_steal_pointer(&hardware_error));
        return NULL;
    }
    counters->source = COUNTER_SOURCE_SOFTWARE;
    return g_steal_pointer(&counters);
}

Counters *
counters_open(CounterSource source, const CounterTarget *target, const char *const *events,
              GError **error)
{
    return source == COUNTER_SOURCE_AUTO ? open_auto(target, events, error)
                                         : open_from(source, target, events, error);
}

void
counters_close(Counters *counters)
{
    if (!counters)
        return;

    pmu_group_free(counters->group);
    for (unsigned i = 0; i < counters->n_events; i++)
        g_free(counters->slots[i].reason);
    g_free(counters->problem);
    g_free(counters);
}

CounterSource
counters_source(const Counters *counters)
{
    return counters->source;
}

unsigned
counters_n_events(const Counters *counters)
{
    return counters->n_events;
}

const char *
counters_event_name(const Counters *counters, unsigned i)
{
    const Slot *slot = &counters->slots[i];

    return slot->place == PLACE_PAGE ? slot->event.known->name : slot->event.printable;
}

const Event *
counters_event(const Counters *counters, unsigned i)
{
    return counters->slots[i].event.known;
}

int
counters_event_errno(const Counters *counters, unsigned i)
{
    return counters->slots[i].refusal;
}

const char *
counters_problem(const Counters *counters)
{
    return counters->problem;
}

static bool
read_page(Counters *counters, EmulatedReading *page, CounterReading *reading, GError **error)
{
    if (!emulated_read(counters->page, counters->vcpu, counters->page_events, page, error))
        return false;

    reading->restarted = counters->instance != 0 && page->instance != counters->instance;
    counters->instance = page->instance;
    reading->enabled_ns = reading->running_ns = (uint64_t) (clock_raw_ns() - counters->opened_ns);
    return true;
}

bool
counters_read(Counters *counters, CounterReading *ret_reading, GError **error)
{
    CounterReading reading = { .n_values = counters->n_events };
    PmuReading group = { 0 };
    EmulatedReading page;

    if (counters->group && !pmu_group_read(counters->group, &group, error))
        return false;
    reading.enabled_ns = group.enabled_ns;
    reading.running_ns = group.running_ns;
    if (counters->n_page_events > 0 && !read_page(counters, &page, &reading, error))
        return false;

    for (unsigned i = 0; i < counters->n_events; i++) {
        const Slot *slot = &counters->slots[i];

        reading.values[i] = slot->place == PLACE_GROUP  ? group.values[slot->index]
                            : slot->place == PLACE_PAGE ? page.values[slot->index]
                                                        : COUNTER_NOT_COUNTED;
    }
    *ret_reading = reading;
    return true;
}

bool
counters_rearm(Counters *counters, GError **error)
{
    return !counters->group || pmu_group_rearm(counters->group, error);
}

bool
counters_switch(Counters *counters, bool on, GError **error)
{
    return !counters->group || (on ? pmu_group_enable(counters->group, error)
                                   : pmu_group_disable(counters->group, error));
}

bool
counters_guest_mode_refused(const PmuTarget *target)
{
    g_autoptr(PmuGroup) group = pmu_group_new(target);
    PmuEvent cycles;

    return pmu_event_encode("cycles", PMU_MODE_GUEST, &cycles, NULL) &&
           pmu_group_add(group, &cycles, NULL) == EOPNOTSUPP;
}
