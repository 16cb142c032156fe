/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/stat/stat_events.h"

#include <string.h>

#include "common/base/failure.h"

static const char *const default_lists[] = {
    "task-clock,context-switches,cpu-migrations,page-faults",
    "cycles,instructions,branches,branch-misses,cache-misses",
    NULL,
};

static const struct {
    const char *name;
    PmuMode pmu;
} modes[STAT_MODES] = {
    [STAT_GUEST] = { "guest", PMU_MODE_GUEST },
    [STAT_HOST] = { "host", PMU_MODE_HOST },
    [STAT_BOTH] = { "both", PMU_MODE_SELF },
};

const char *
stat_mode_name(StatMode mode)
{
    return modes[mode].name;
}

PmuMode
stat_mode_pmu(StatMode mode)
{
    return modes[mode].pmu;
}

static bool
add_cell(StatEvents *events, GPtrArray *names, StatMode mode, const char *name, GError **error)
{
    StatCell *cell = &events->cells[events->n_cells];

    if (names->len == EVENT_MAX || events->n_cells == G_N_ELEMENTS(events->cells))
        return failure_set(error, FAILURE_USAGE, "more than %d events of %s mode", EVENT_MAX,
                           stat_mode_name(mode));
    if (!pmu_event_encode(name, stat_mode_pmu(mode), &cell->event, error))
        return false;
    cell->mode = mode;
    cell->index = names->len;
    g_ptr_array_add(names, g_strdup(name));
    events->n_cells++;
    return true;
}

/* Encoded for neither mode, an event shows which it was asked for. */
static bool
add_event(StatEvents *events, GPtrArray *names[STAT_MODES], const char *name, GError **error)
{
    const char *modifiers = strchr(name, ':');
    PmuEvent event;

    if (!pmu_event_encode(name, PMU_MODE_SELF, &event, error))
        return false;
    if (pmu_event_is_software(&event) || (modifiers && strstr(modifiers, "GH")))
        return add_cell(events, names[STAT_BOTH], STAT_BOTH, name, error);
    if (event.attr.exclude_host)
        return add_cell(events, names[STAT_GUEST], STAT_GUEST, name, error);
    if (event.attr.exclude_guest)
        return add_cell(events, names[STAT_HOST], STAT_HOST, name, error);
    return add_cell(events, names[STAT_GUEST], STAT_GUEST, name, error) &&
           add_cell(events, names[STAT_HOST], STAT_HOST, name, error);
}

static bool
add_list(StatEvents *events, GPtrArray *names[STAT_MODES], const char *list, GError **error)
{
    g_auto(GStrv) words = g_strsplit(list, ",", -1);

    if (strpbrk(list, "{}"))
        return failure_set(error, FAILURE_USAGE,
                           "“%s”: no groups in braces; the events of one mode are one group", list);
    if (!*words)
        return failure_set(error, FAILURE_USAGE, "-e wants events");
    for (char **word = words; *word; word++)
        if (!add_event(events, names, g_strstrip(*word), error))
            return false;
    return true;
}

static char **
take_names(GPtrArray *names)
{
    g_ptr_array_add(names, NULL);
    return (char **) g_ptr_array_free(names, FALSE);
}

StatEvents *
stat_events_parse(const char *const *lists, GError **error)
{
    g_autoptr(StatEvents) events = g_new0(StatEvents, 1);
    GPtrArray *names[STAT_MODES];
    bool parsed = true;

    for (int mode = 0; mode < STAT_MODES; mode++)
        names[mode] = g_ptr_array_new_with_free_func(g_free);
    for (lists = lists && *lists ? lists : default_lists; parsed && *lists; lists++)
        parsed = add_list(events, names, *lists, error);
    for (int mode = 0; mode < STAT_MODES; mode++)
        events->names[mode] = take_names(names[mode]);
    return parsed ? g_steal_pointer(&events) : NULL;
}

void
stat_events_free(StatEvents *events)
{
    if (!events)
        return;

    for (int mode = 0; mode < STAT_MODES; mode++)
        g_strfreev(events->names[mode]);
    g_free(events);
}

bool
stat_events_need_pmu(const StatEvents *events)
{
    for (unsigned i = 0; i < events->n_cells; i++)
        if (!pmu_event_is_software(&events->cells[i].event))
            return true;
    return false;
}
