/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What must be put back on this host: an append-only file, one JSON object a line, on the disk
 * before the change that it describes is made. A line without its "done" line is work for
 * `hostctl recover`. A torn last line (power cut) is ignored: its change was never made.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"
#include "hostctl/state.h"

typedef enum {
    JOURNAL_FILE, /* target: path under the Sysroot; old_value, new_value: its text */
    JOURNAL_MODE, /* target: path under the Sysroot; old_value, new_value: "0600 0 0" (mode uid gid)
                   */
    JOURNAL_SERVICE, /* target: systemd unit; old_value, new_value: "active" or "inactive" */
    JOURNAL_BALLOON, /* target: guest name; uri, uuid; old_value, new_value: KiB */
    JOURNAL_SHM,     /* target: name in /dev/shm, to be removed */
    JOURNAL_PATH,  /* target: absolute path of a file or socket in the run directory, to be removed
                    */
    JOURNAL_GUEST, /* target: guest name; uri, uuid: to be destroyed */
} JournalKind;

typedef struct {
    uint64_t id; /* given by journal_add() */
    JournalKind kind;
    bool held; /* made by hand to stay: `recover` leaves it, the command's `restore` undoes it */
    char *target;
    char *uri;
    char *uuid;
    char *old_value;
    char *new_value;
    /* Who made it; filled in by journal_add(). */
    pid_t pid;
    uint64_t
        pid_starttime; /* field 22 of /proc/PID/stat: a pid alone may be somebody else's by now */
    char *boot_id; /* of the boot it was made in: after another boot there is nothing to put back */
    char *command;
} JournalEntry;

void journal_entry_free(JournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalEntry, journal_entry_free)

typedef struct Journal Journal;

/*
 * Opens (and makes) STATE/journal.jsonl. The caller holds state_lock() before it adds anything.
 * `root` tells processes and boots apart and must outlive the journal.
 */
Journal *journal_open(const State *state, const Sysroot *root, GError **error);
void journal_free(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_free)

const Sysroot *journal_root(const Journal *journal);

/* On the disk when it returns true. Only kind, held, target, uri, uuid and the values are read. */
bool journal_add(Journal *journal, const JournalEntry *entry, uint64_t *ret_id, GError **error);

/* The same entry now stands for another new value (the old one stays what it was at first). */
bool journal_change(Journal *journal, uint64_t id, const char *new_value, GError **error);

/* Put back, or kept on purpose: no longer work for anybody. `how` is for people ("put back"). */
bool journal_done(Journal *journal, uint64_t id, const char *how, GError **error);

/* Every entry without its done line, the newest first (JournalEntry). Free with
 * g_ptr_array_unref(). */
bool journal_unfinished(const Journal *journal, GPtrArray **ret_entries, GError **error);

/* True while the process that made the entry lives. */
bool journal_entry_owner_alive(const JournalEntry *entry, const Sysroot *root);
