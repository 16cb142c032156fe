/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What json-glib takes and JSON does not: its parser recurses and would overflow its stack on a
 * hostile file, and its scanner, made for C, reads comments, single quotes and octal escapes, some
 * into bytes that are not UTF-8. This is asked first. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define JSON_MAX_DEPTH 64

/* False (with an error that gives the byte offset) when objects and arrays nest deeper than
 * JSON_MAX_DEPTH, when a comment or a single quote stands outside a string, or when a string holds
 * a control character, an escape that JSON has not, \u0000 or half a surrogate pair. Says nothing
 * about whether the text is valid JSON otherwise. */
bool json_guard_check(const char *text, size_t length, GError **error);
