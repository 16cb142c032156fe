/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `hostctl doctor --apply` can do about a check, each change journaled before it is made. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/knob/journal.h"

/* True for the id of a check that can be mended from here. */
bool remedy_exists(const char *id);

/* True when mending it reaches guests that run: page sharing, and who switches it. */
bool remedy_reaches_guests(const char *id);

/* All such ids, separated by ", ". Free with g_free(). */
char *remedy_ids(void);

/*
 * Makes the changes; they stay until `hostctl recover` puts them back. Adds one line (char *) a
 * change to `notes`; none when everything is so already. Errors: nothing here to change
 * (FAILURE_UNSUPPORTED), a tree that is no live machine where a service or module is meant, a
 * write that is refused.
 */
bool remedy_apply(Journal *journal, const char *id, GPtrArray *notes, GError **error);
