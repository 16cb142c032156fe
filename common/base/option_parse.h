/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GLib's option parser, with an answer to slips of the pen. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* g_option_context_parse(); an unknown “--jsn” is answered with the nearest option that there is.
 */
bool option_parse(GOptionContext *context, int *argc, char ***argv, GError **error);

/* g_option_context_parse_strv() with the same. */
bool option_parse_strv(GOptionContext *context, char ***words, GError **error);
