/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Draws with gnuplot, as its own process, and makes its SVG fit to stand in a page. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* True when there is a gnuplot to call. */
bool gnuplot_is_there(void);

/*
 * Runs a script whose terminal is set by us (SVG, `width` x `height`). The result is one <svg>
 * element: ids begin with `name` so that many can stand in one page, axes and texts take the page's
 * colour (colour 0x010203 in the script does), and a screen reader hears `alt`. Free with g_free().
 */
char *gnuplot_draw(const char *name, int width, int height, const char *alt, const char *script,
                   GError **error);

/* A text for a script: single-quoted, so that gnuplot neither expands nor executes anything in it.
 * Control characters are dropped. Free with g_free(). */
char *gnuplot_quote(const char *text);
