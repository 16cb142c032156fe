/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The CPUs that guests leave to the host: hostctl itself runs there, and so do interrupts that let
 * themselves be moved. QEMU's own threads are brought there with their guests. Freeing it puts
 * everything back.
 */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>

#include "hostctl/knob/journal.h"

typedef struct Housekeeping Housekeeping;

/*
 * Pins every thread of this process, and writes the CPUs into /proc/irq (journaled, as any file).
 * An interrupt that refuses stays where it is. *ret_note: one line about both; free with g_free().
 * `journal` outlives it.
 */
Housekeeping *housekeeping_new(Journal *journal, const cpu_set_t *cpus, char **ret_note,
                               GError **error);

/* `notes` (char *) gets interrupts that somebody else has moved meanwhile; they are left alone. */
bool housekeeping_put_back(Housekeeping *housekeeping, GPtrArray *notes, GError **error);

void housekeeping_free(Housekeeping *housekeeping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Housekeeping, housekeeping_free)
