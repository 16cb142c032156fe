/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/guest_view.h"

#include <glib.h>
#include <math.h>

#include "common/base/event.h"

const char *const guest_field_columns[GUEST_FIELDS] = {
    [GUEST_CYCLES] = "cycles",
    [GUEST_INSTRUCTIONS] = "instructions",
    [GUEST_BRANCHES] = "branches",
    [GUEST_BRANCH_MISSES] = "branch_misses",
    [GUEST_CACHE_MISSES] = "cache_misses",
    [GUEST_STEAL_NS] = "steal_ns",
    [GUEST_BUSY_NS] = "busy_ns",
    [GUEST_CANARY_BRANCHES] = "canary_branches",
    [GUEST_CANARY_MISSES] = "canary_misses",
};

int
guest_field_of(const char *event)
{
    g_autofree char *column = event_column(event);

    for (int f = 0; f < GUEST_FIELDS; f++)
        if (g_str_equal(guest_field_columns[f], column))
            return f;
    return -1;
}

GuestView
guest_view_of(double seconds, const char *const *events, const double *values, unsigned n)
{
    GuestView view = { .seconds = seconds };
    unsigned seen = 0;

    for (int f = 0; f < GUEST_FIELDS; f++)
        view.count[f] = NAN;
    for (unsigned i = 0; i < n; i++) {
        int field = guest_field_of(events[i]);

        if (field < 0)
            continue;
        view.count[field] = seen & 1u << field ? view.count[field] + values[i] : values[i];
        seen |= 1u << field;
    }
    return view;
}
