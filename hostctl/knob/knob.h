/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file of the kernel that hostctl changed; freeing it puts the old value back. The journal has
 * the change before the file has it. A value that somebody else wrote meanwhile is left alone.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"
#include "hostctl/knob/journal.h"

typedef struct Knob Knob;

/*
 * Writes `value` into `path` ("proc/sys/kernel/nmi_watchdog"). `journal` gives the Sysroot and
 * outlives the knob. Writing the value that is there already is no change and journals nothing.
 */
Knob *knob_set(Journal *journal, const char *path, const char *value, GError **error);

/* The same for a systemd unit that is to run or not; a machine without systemd has none active. */
Knob *knob_set_service(Journal *journal, const char *unit, bool active, GError **error);

/* Puts back when knob_put_back() was not called. What fails stays in the journal for `recover`, and
 * is told by journal_take_remarks(). */
void knob_free(Knob *knob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Knob, knob_free)

/* Another value; what is put back at the end stays the first old one. */
bool knob_change(Knob *knob, const char *value, GError **error);

/* What the file says now, a chosen word taken out of its list ("none" of "[none] scan-time"). */
bool knob_read(const Sysroot *root, const char *path, char **ret_value, GError **error);

/*
 * The old value again. *ret_note is NULL, or, when somebody else had changed the file meanwhile
 * (it is then left as it is), one line that says so. Free with g_free(). Does nothing the second
 * time.
 */
bool knob_put_back(Knob *knob, char **ret_note, GError **error);
