/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cumulative counts of a list of events about one target, wherever they come from: the kernel's
 * PMU, the kernel's software events, or the emulated page. hostctl and guestprobe count through
 * this and need not know the source.
 *
 *     g_autoptr(Counters) counters = counters_open(COUNTER_SOURCE_HARDWARE, &target, events,
 * &error); counters_read(counters, &before, &error); ... counters_read(counters, &after, &error);
 *     window_between(&before, &after, NULL, &window);      (common/pmu/window.h)
 *
 * All events of one Counters are one group with one pair of times. Open several for several groups.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/event.h"
#include "common/pmu/emulated.h"
#include "common/pmu/pmu_event.h"
#include "common/pmu/pmu_group.h"

/* The numbers are those of WireSource. */
typedef enum {
    COUNTER_SOURCE_AUTO = 0,     /* hardware, else emulated, else software: what is there */
    COUNTER_SOURCE_HARDWARE = 1, /* perf events; software events may be among them */
    COUNTER_SOURCE_EMULATED = 2, /* the page; software events among them come from the kernel */
    COUNTER_SOURCE_SOFTWARE = 3, /* perf software events only */
} CounterSource;

/* "auto", "hardware", "emulated", "software". */
const char *counter_source_name(CounterSource source);
/* The reverse; an unknown name is an error of code FAILURE_USAGE. */
bool counter_source_parse(const char *name, CounterSource *ret_source, GError **error);

typedef struct {
    PmuTarget pmu;      /* a thread, or a CPU of this kernel; unused by events of the page */
    PmuMode mode;       /* host side: GUEST or HOST; inside a guest: SELF */
    EmulatedPage *page; /* NULL: none; borrowed, must outlive the Counters */
    unsigned vcpu;      /* of the page */
} CounterTarget;

#define COUNTER_NOT_COUNTED UINT64_MAX

typedef struct {
    uint32_t n_values;          /* as many as events were asked for */
    uint64_t values[EVENT_MAX]; /* cumulative, in the caller's order; COUNTER_NOT_COUNTED */
    /* Of the kernel's group; of the page: the CLOCK_MONOTONIC_RAW time since opening, both. */
    uint64_t enabled_ns, running_ns;
    bool restarted; /* the page began anew since the last read: no window across this */
} CounterReading;

typedef struct Counters Counters;

/*
 * Opens and starts `events` (names as for pmu_event_encode(), NULL-terminated, 1 to EVENT_MAX).
 * An event that cannot be counted is no error as long as one of them can: it reads as
 * COUNTER_NOT_COUNTED, counters_event_errno() and counters_problem() say why.
 * NULL when none can be counted, when a name is unknown (FAILURE_USAGE), when the source needs a
 * page that is not there (FAILURE_UNSUPPORTED) or the page has no such vCPU.
 * With PMU_MODE_HOST the page has nothing: it counts the guest only.
 */
Counters *counters_open(CounterSource source, const CounterTarget *target,
                        const char *const *events, GError **error);
void counters_close(Counters *counters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Counters, counters_close)

/* The source that was taken, never AUTO. */
CounterSource counters_source(const Counters *counters);

unsigned counters_n_events(const Counters *counters);
/* The i-th event as it prints, its mode said: "cycles:G"; on the page plain "cycles". */
const char *counters_event_name(const Counters *counters, unsigned i);
/* The same in event_list; NULL: a raw or libpfm4 event. */
const Event *counters_event(const Counters *counters, unsigned i);
/* 0: the i-th event counts; else the errno that forbids it. */
int counters_event_errno(const Counters *counters, unsigned i);
/* Why events do not count, "cycles, branches: reason; …"; "" when all count. */
const char *counters_problem(const Counters *counters);

/* Reads all of them, allocating nothing. `ret_reading` is untouched on failure. */
bool counters_read(Counters *counters, CounterReading *ret_reading, GError **error);

/* See pmu_group_rearm(); nothing to do on the page. */
bool counters_rearm(Counters *counters, GError **error);

/* Switches the kernel's group off, or on again; its counts stay. Nothing to do on the page. */
bool counters_switch(Counters *counters, bool on, GError **error);

/*
 * Whether the kernel refuses events of guest mode on this thread, as it does for everybody while a
 * guest with a mediated vPMU runs.
 */
bool counters_guest_mode_refused(const PmuTarget *target);
