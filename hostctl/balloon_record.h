/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Balloon targets set by hand: the journal keeps what a guest had before the first of them. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/knob/journal.h"
#include "hostctl/virt/guest.h"

/* Journals the target before it is asked for; the guest's first old target stays. */
bool balloon_record_add(Journal *journal, const Guest *guest, const char *uri, uint64_t target_kib,
                        GError **error);

/*
 * Asks for the old target of an entry and closes it; does not wait. *ret_note says what happened
 * (free with g_free()): asked, or that the guest is gone.
 */
bool balloon_record_undo(Journal *journal, Connection *connection, const JournalEntry *entry,
                         char **ret_note, GError **error);
