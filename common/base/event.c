/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/event.h"

#include <glib.h>

#include "common/base/near_name.h"

const Event event_list[EVENT_COUNT] = {
    [EVENT_CYCLES] = { "cycles", "cycles", EVENT_KIND_HARDWARE, true },
    [EVENT_INSTRUCTIONS] = { "instructions", "instructions", EVENT_KIND_HARDWARE, true },
    [EVENT_BRANCHES] = { "branches", "branches", EVENT_KIND_HARDWARE, true },
    [EVENT_BRANCH_MISSES] = { "branch-misses", "branch_misses", EVENT_KIND_HARDWARE, true },
    [EVENT_CACHE_REFERENCES] = { "cache-references", "cache_references", EVENT_KIND_HARDWARE,
                                 true },
    [EVENT_CACHE_MISSES] = { "cache-misses", "cache_misses", EVENT_KIND_HARDWARE, true },
    [EVENT_REF_CYCLES] = { "ref-cycles", "ref_cycles", EVENT_KIND_HARDWARE, false },
    [EVENT_BUS_CYCLES] = { "bus-cycles", "bus_cycles", EVENT_KIND_HARDWARE, false },
    [EVENT_TASK_CLOCK] = { "task-clock", "task_clock", EVENT_KIND_SOFTWARE, false },
    [EVENT_CPU_CLOCK] = { "cpu-clock", "cpu_clock", EVENT_KIND_SOFTWARE, false },
    [EVENT_PAGE_FAULTS] = { "page-faults", "page_faults", EVENT_KIND_SOFTWARE, false },
    [EVENT_MINOR_FAULTS] = { "minor-faults", "minor_faults", EVENT_KIND_SOFTWARE, false },
    [EVENT_MAJOR_FAULTS] = { "major-faults", "major_faults", EVENT_KIND_SOFTWARE, false },
    [EVENT_CONTEXT_SWITCHES] = { "context-switches", "context_switches", EVENT_KIND_SOFTWARE,
                                 false },
    [EVENT_CPU_MIGRATIONS] = { "cpu-migrations", "cpu_migrations", EVENT_KIND_SOFTWARE, false },
};

const Event *
event_find(const char *name)
{
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (g_str_equal(event_list[i].name, name))
            return &event_list[i];
    return NULL;
}

const char *
event_near(const char *name)
{
    const char *names[EVENT_COUNT + 1] = { NULL };

    for (size_t i = 0; i < EVENT_COUNT; i++)
        names[i] = event_list[i].name;
    return near_name(name, names);
}

char *
event_column(const char *name)
{
    char *column = g_ascii_strdown(name, -1);

    for (char *c = column; *c; c++)
        if (!g_ascii_isalnum(*c))
            *c = '_';
    return column;
}
