/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of the journal: an entry, its change or its end, as JSON text and back. */
#pragma once

#include "hostctl/knob/journal.h"

typedef enum {
    JOURNAL_LINE_ENTRY,  /* a new entry */
    JOURNAL_LINE_CHANGE, /* entry `id` has the new value `value` */
    JOURNAL_LINE_DONE,   /* entry `id` is finished; `value` says how */
} JournalLineKind;

typedef struct {
    JournalLineKind kind;
    uint64_t id;
    char *value;
    JournalEntry *entry; /* of JOURNAL_LINE_ENTRY */
} JournalLine;

void journal_line_clear(JournalLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(JournalLine, journal_line_clear)

/* Each ends with a newline. Free with g_free(). */
char *journal_line_format_entry(const JournalEntry *entry);
char *journal_line_format_change(uint64_t id, const char *new_value);
char *journal_line_format_done(uint64_t id, const char *how);

/* False for anything but a whole line of ours (without its newline). */
bool journal_line_parse(const char *text, size_t length, JournalLine *ret_line);
