/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How deep a JSON text nests, found without recursion: json-glib's parser recurses and would
 * overflow its stack on a hostile file, so this is asked first. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_MAX_DEPTH 64

/* False (with an error that gives the byte offset) when objects and arrays nest deeper than
 * JSON_MAX_DEPTH, or when a comment or a single quote stands outside a string. Says nothing about
 * whether the text is valid JSON otherwise. */
bool json_depth_check(const char *text, size_t length, GError **error);
