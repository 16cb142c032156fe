/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the ring is when nobody says. */
#pragma once

#include <glib.h>

/* In the state directory: exporter.ring of INSIDEOUT_STATE_DIR. Free with g_free(). */
char *ring_place_to_write(void);

/*
 * The same, if it is there; else that of the service, which has a state directory of its own. Free
 * with g_free().
 */
char *ring_place_to_read(void);
