/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One change of the host, made under the journal and undone by it: a file of the kernel
 * (JOURNAL_FILE), a systemd unit (JOURNAL_SERVICE) or a module (JOURNAL_MODULE). The pieces that
 * knobs and `recover` share.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "hostctl/knob/journal.h"

typedef struct {
    JournalKind kind;
    const char *target; /* a path under the Sysroot, a unit's or a module's name */
    bool held;          /* made by hand to stay */
    bool until_recover; /* see JournalEntry */
    bool unshared;      /* see JournalEntry */
    uint64_t id;        /* of its journal entry; 0: nothing changed so far */
} Change;

/* What it is now: a file's text (the chosen word of "[none] scan-time"), "active" or
 * "inactive", "loaded" or "absent". */
bool change_read(const Sysroot *root, JournalKind kind, const char *target, char **ret_value,
                 GError **error);

/*
 * Journals, then writes. The first time it remembers the old value; the value that is there
 * already is no change then. A write that fails half-way is put back at once.
 */
bool change_make(Change *change, Journal *journal, const char *value, GError **error);

/*
 * Writes the old value of an unfinished entry and closes the entry. Left as it is when it shows
 * neither value of ours: somebody else changed it meanwhile, and *ret_note says so (else NULL).
 */
bool change_undo(Journal *journal, uint64_t id, char **ret_note, GError **error);
