/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counter events that insideout knows by name, and how each is called in each place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    EVENT_KIND_HARDWARE, /* needs a PMU, or the emulated page */
    EVENT_KIND_SOFTWARE, /* kept by the kernel itself */
} EventKind;

typedef struct {
    const char *name;   /* perf's name: "branch-misses" */
    const char *column; /* the dataset's column: "branch_misses" */
    EventKind kind;
    bool emulated; /* the emulated page has it */
} Event;

#define EVENT_MAX 16 /* events in one plan, one arm message, one page tuple */

/* The known events, by their place in the list. */
typedef enum {
    EVENT_CYCLES,
    EVENT_INSTRUCTIONS,
    EVENT_BRANCHES,
    EVENT_BRANCH_MISSES,
    EVENT_CACHE_REFERENCES,
    EVENT_CACHE_MISSES,
    EVENT_REF_CYCLES,
    EVENT_BUS_CYCLES,
    EVENT_TASK_CLOCK,
    EVENT_CPU_CLOCK,
    EVENT_PAGE_FAULTS,
    EVENT_MINOR_FAULTS,
    EVENT_MAJOR_FAULTS,
    EVENT_CONTEXT_SWITCHES,
    EVENT_CPU_MIGRATIONS,
    EVENT_COUNT,
} EventId;

extern const Event event_list[EVENT_COUNT];

/* Of an event of the list; EVENT_COUNT for NULL. */
static inline EventId
event_id(const Event *event)
{
    return event ? (EventId) (event - event_list) : EVENT_COUNT;
}

/* NULL when the name is not a known event (raw and libpfm4 names are none of these). */
const Event *event_find(const char *name);

/* The known event that a mistyped name is nearest to, or NULL. */
const char *event_near(const char *name);

/* The dataset column of any event name: letters and digits kept, all else "_". Free with g_free().
 */
char *event_column(const char *name);
