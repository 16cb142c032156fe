/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Page sharing as the journal says it was, in an order that the kernel accepts. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/collect/ksm.h"
#include "hostctl/interrupt.h"
#include "hostctl/knob/journal.h"

#define KSM_SERVICE "ksmtuned.service"
#define KSM_UNMERGE_SECONDS 600

/* True for an entry about KSM: one of its files, or the service that tunes it. */
bool ksm_entry_is_ours(const JournalEntry *entry);

/* ... that was made by hand to stay, on this machine's present boot and this journal's root. */
bool ksm_entry_is_held(const Journal *journal, const JournalEntry *entry);

/* Is there memory for the copies of all shared pages? Else the kernel's OOM killer finds a guest.
 */
bool ksm_unmerge_fits(const Sysroot *root, const KsmStats *stats, GError **error);

/*
 * Puts back the entries about KSM among `entries` (JournalEntry, the newest first) and skips the
 * others. Notes (char *, may be NULL) say what was left alone because somebody else had changed it,
 * and why pages stay shared that were not before. Where pages have to be unshared first, that is
 * done as on the way there: only with memory for the copies, in a thread of its own, so that a
 * signal (`interrupt` NULL: none) breaks it off, and for at most KSM_UNMERGE_SECONDS; the other
 * files are put back all the same. Tries every file before it reports the first error.
 */
bool ksm_put_back_entries(Journal *journal, GPtrArray *entries, const Interrupt *interrupt,
                          GPtrArray *notes, GError **error);

/* The same for all that is held. */
bool ksm_put_back_held(Journal *journal, const Interrupt *interrupt, GPtrArray *notes,
                       GError **error);
