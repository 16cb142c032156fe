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
    JOURNAL_FILE,    /* target: path under the Sysroot; old_value, new_value: its text */
    JOURNAL_SERVICE, /* target: systemd unit; old_value, new_value: "active" or "inactive" */
    JOURNAL_MODULE,  /* target: kernel module; old_value, new_value: "loaded" or "absent" */
    JOURNAL_BALLOON, /* target: guest name; uri, uuid; old_value, new_value: KiB */
    JOURNAL_SHM,     /* target: name in /dev/shm, to be removed */
    JOURNAL_DISK,    /* target: name of a guest's disk in the state directory, to be removed */
    JOURNAL_VOLUME,  /* target: POOL/NAME of a storage volume; uri: to be removed */
    JOURNAL_GUEST,   /* target: guest name; uri, uuid: to be destroyed */
} JournalKind;

typedef struct {
    uint64_t id; /* given by journal_add() */
    JournalKind kind;
    bool held; /* made by hand to stay: `recover` leaves it, the command's `restore` undoes it */
    bool until_recover; /* with held: there is no such command, `recover` undoes it all the same */
    bool unshared;      /* of KSM's run: no page was shared when it was changed first */
    char *root;         /* of the Sysroot that `target` is under; NULL: the live machine */
    char *target;
    char *uri;
    char *uuid;
    char *old_value;
    char *new_value;
    char *earlier_value; /* the new value before the last journal_change(): may be there still */
    /* Who made it; filled in by journal_add(). */
    pid_t pid;
    uint64_t
        pid_starttime; /* field 22 of /proc/PID/stat: a pid alone may be somebody else's by now */
    char *boot_id; /* of the boot it was made in: after another boot there is nothing to put back */
    char *command;
} JournalEntry;

void journal_entry_free(JournalEntry *entry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(JournalEntry, journal_entry_free)
JournalEntry *journal_entry_copy(const JournalEntry *entry);

typedef struct Journal Journal;

/*
 * Reads STATE/journal.jsonl; it is made when something is added, which wants state_lock() first.
 * `root` is where the files are that the entries tell of; it must outlive the journal.
 */
Journal *journal_open(const State *state, const Sysroot *root, GError **error);
void journal_free(Journal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Journal, journal_free)

const Sysroot *journal_root(const Journal *journal);

/* On the disk when it returns true. Only kind, held, until_recover, unshared, target, uri, uuid and
 * the values are read. May be called from any thread, as may journal_change() and journal_done().
 */
bool journal_add(Journal *journal, const JournalEntry *entry, uint64_t *ret_id, GError **error);

/* The same entry now stands for another new value (the old one stays what it was at first). */
bool journal_change(Journal *journal, uint64_t id, const char *new_value, GError **error);

/* Put back, or kept on purpose: no longer work for anybody. `how` is for people ("put back"). */
bool journal_done(Journal *journal, uint64_t id, const char *how, GError **error);

/* Every entry without its done line, the newest first (JournalEntry). Free with
 * g_ptr_array_unref(). */
GPtrArray *journal_unfinished(const Journal *journal);

/* A copy of an unfinished entry; NULL when there is none of that number. */
JournalEntry *journal_get(const Journal *journal, uint64_t id);

/* Lines in the middle of the file that could not be read; what they told is lost. */
unsigned journal_damaged_lines(const Journal *journal);

/*
 * Before a command changes this host: false when an earlier one was killed and what it left was
 * not put back yet (the error says to run `hostctl recover`).
 */
bool journal_require_recovered(const Journal *journal, GError **error);

/*
 * What went wrong, or was left alone, where nobody could be told: knobs that are put back by being
 * freed. Taking empties the list (char *). Free with g_ptr_array_unref().
 */
void journal_remark(Journal *journal, const char *format, ...) G_GNUC_PRINTF(2, 3);
GPtrArray *journal_take_remarks(Journal *journal);

/* True while the process that made the entry lives; this process counts too. */
bool journal_entry_owner_alive(const JournalEntry *entry);

/* False when this machine has been started anew since: what was changed is gone by itself. Never of
 * what was changed over another machine's libvirt, which goes on. */
bool journal_entry_same_boot(const JournalEntry *entry);

const char *journal_kind_name(JournalKind kind); /* "file", "guest", … */
