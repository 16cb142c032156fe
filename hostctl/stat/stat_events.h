/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What `hostctl stat` counts of each vCPU: one list of events for each mode, since a group belongs
 * to one, and the rows in the order in which they were asked for.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/pmu/pmu_event.h"
#include "common/pmu/stat_window.h"

typedef enum {
    STAT_GUEST, /* hardware events of what runs in the guest: "cycles:G" */
    STAT_HOST,  /* of what the host does on the vCPU's thread: "cycles:H" */
    STAT_BOTH,  /* software events, which know no mode, and "cycles:GH" */
    STAT_MODES,
} StatMode;

/* "guest", "host", "both". */
const char *stat_mode_name(StatMode mode);
PmuMode stat_mode_pmu(StatMode mode);

typedef struct {
    StatMode mode;
    unsigned index; /* in its mode's list */
    PmuEvent event; /* encoded for its mode */
} StatCell;

typedef struct {
    char **names[STAT_MODES]; /* NULL-terminated, at most EVENT_MAX each */
    unsigned n_cells;
    StatCell cells[2 * EVENT_MAX];
} StatEvents;

/*
 * `lists` are what -e was given ("cycles,instructions:G"), NULL-terminated; none: the default. A
 * hardware event without a modifier is counted in guest and in host mode, apart. Errors, all of
 * code FAILURE_USAGE: an unknown event, more than EVENT_MAX in a mode, a group in braces.
 */
StatEvents *stat_events_parse(const char *const *lists, GError **error);
void stat_events_free(StatEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StatEvents, stat_events_free)

/* True when an event of that mode needs a PMU. */
bool stat_events_need_pmu(const StatEvents *events);
