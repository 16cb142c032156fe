/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command that changes the host needs open: state, lock, journal; and a reader only the
 * first. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/command.h"
#include "hostctl/knob/journal.h"
#include "hostctl/state.h"

typedef struct {
    State *state;
    Journal *journal;
} Workbench;

void workbench_clear(Workbench *bench);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Workbench, workbench_clear)

typedef enum {
    WORKBENCH_READ,    /* changes nothing */
    WORKBENCH_CHANGE,  /* takes the lock, and refuses while a killed run's changes are not put back
                        */
    WORKBENCH_RECOVER, /* takes the lock */
} WorkbenchUse;

bool workbench_open(const CommandContext *context, WorkbenchUse use, Workbench *ret_bench,
                    GError **error);
