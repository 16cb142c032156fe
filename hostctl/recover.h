/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts back what a killed process left, from the journal: guests first, then files, then settings.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/interrupt.h"
#include "hostctl/knob/journal.h"
#include "hostctl/state.h"

typedef enum {
    RECOVER_PUT_BACK, /* destroyed, removed, written back */
    RECOVER_GONE,     /* there was nothing left to do */
    RECOVER_LEFT,     /* somebody else changed it meanwhile: left as it is */
    RECOVER_FAILED,   /* stays in the journal */
    RECOVER_WOULD,    /* dry run */
    RECOVER_HELD,     /* set by hand to stay; another command puts it back */
} RecoverOutcome;

const char *recover_outcome_name(RecoverOutcome outcome); /* "put_back", … */

typedef struct {
    JournalEntry *entry;
    RecoverOutcome outcome;
    char *text; /* one line for people */
} RecoverStep;

void recover_step_free(RecoverStep *step);

/*
 * Works on every unfinished entry. Fails as a whole only when it may not begin: a process that
 * made an entry is alive (the error names it), or a signal came. With `dry_run` nothing changes.
 */
bool recover_all(State *state, Journal *journal, bool dry_run, const Interrupt *interrupt,
                 GPtrArray **ret_steps, GError **error);

/*
 * The same for what dead processes left and nobody set to stay: what a new run does by itself. What
 * was set by hand, or by `hostctl doctor --apply`, is not touched.
 */
bool recover_leftovers(State *state, Journal *journal, const Interrupt *interrupt,
                       GPtrArray **ret_steps, GError **error);

/* False when a step failed; the error says how many. */
bool recover_judge(const GPtrArray *steps, GError **error);
