/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict conversions: the whole text must be the value, or the caller gets an error. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Decimal, no sign, no blanks. `ret_value` is untouched on failure. */
bool text_to_u64(const char *text, uint64_t *ret_value, GError **error);

/* Decimal with an optional minus sign. */
bool text_to_i64(const char *text, int64_t *ret_value, GError **error);

/* A finite decimal number, locale-independent. */
bool text_to_double(const char *text, double *ret_value, GError **error);

/*
 * A size: "512M", "2GiB", "1048576K", or a plain number in `default_unit_kib` KiB units.
 * Units are powers of 1024. Result in KiB.
 */
bool text_to_kib(const char *text, uint64_t default_unit_kib, uint64_t *ret_kib, GError **error);

/* A size of memory as people say it: "512 KiB", "130 MiB", "1.5 GiB". Free with g_free(). */
char *text_of_kib(uint64_t kib);

/*
 * The text made safe for a terminal or a log line: control characters and broken UTF-8 become
 * \xNN. At most `max_bytes` of the input are used. Free with g_free().
 */
char *text_printable(const char *text, size_t max_bytes);

/*
 * A message of one or more lines, made safe in the same way; lines after the first are indented,
 * so that no part of it can pass for a message of its own. Free with g_free().
 */
char *text_message(const char *text);

/*
 * A cell of CSV: printable, quoted where it must be, and never a formula of a spreadsheet (a
 * leading = + - @ gets an apostrophe before it). Not for numbers. Free with g_free().
 */
char *text_csv_cell(const char *text);
