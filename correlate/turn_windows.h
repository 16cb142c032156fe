/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many windows each side counted where a CPU has too few counters for both and they alternate.
 */
#pragma once

#include <glib.h>

#include "correlate/align/window.h"

typedef struct {
    guint64 guest;    /* windows that are evidence of the guest */
    guint64 compared; /* of these: both sides counted an event in the same turn */
} TurnWindows;

/* `n_events`: how many the dataset has. A guest that counts all the time adds nothing. */
void turn_windows_add(TurnWindows *turns, const Window *window, guint n_events);

/* In words; `host_windows`: in which the host counted alone. NULL where the guest did not count by
 * turns. Free with g_free(). */
char *turn_windows_text(const TurnWindows *turns, guint64 host_windows);
