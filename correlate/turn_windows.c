/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/turn_windows.h"

#include <math.h>

static bool
has_both_counts(const Window *window, guint n_events)
{
    for (guint i = 0; window->compared && i < MIN(n_events, EVENT_MAX); i++)
        if (!isnan(window->guest_count[i]) && !isnan(window->host_count[i]))
            return true;
    return false;
}

void
turn_windows_add(TurnWindows *turns, const Window *window, guint n_events)
{
    if (!window->by_turns)
        return;

    turns->guest++;
    turns->compared += has_both_counts(window, n_events);
}

char *
turn_windows_text(const TurnWindows *turns, guint64 host_windows)
{
    if (turns->guest + host_windows == 0)
        return NULL;
    return g_strdup_printf("Guest and host counted by turns, since this CPU has too few counters "
                           "for both: of %" G_GUINT64_FORMAT " windows that the guest counted, "
                           "both sides counted %" G_GUINT64_FORMAT ", and only these are compared; "
                           "in %" G_GUINT64_FORMAT " more the host counted alone.",
                           turns->guest, turns->compared, host_windows);
}
