/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of texts that become aligned columns, or an HTML table. Missing numbers are "-". */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct TextTable TextTable;

/* `headings`: NULL-terminated; one that begins with "<" is left-aligned, without the sign. */
TextTable *text_table_new(const char *const *headings);
void text_table_free(TextTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextTable, text_table_free)

/* Cells, left to right; the next one after a full row begins a new row. */
void text_table_text(TextTable *table, const char *text);
void text_table_count(TextTable *table, guint64 count);
/* `digits` after the point; negative: so many significant ones. */
void text_table_number(TextTable *table, int digits, double number);
/* "0.93 (0.88 to 0.97)"; the interval is left out where it was not computed. */
void text_table_interval(TextTable *table, int digits, double number, double low, double high);

guint text_table_rows(const TextTable *table);

/* For a terminal; control characters in cells become \xNN. */
void text_table_print(const TextTable *table, GString *out);

/* <table>…</table> with a caption; everything escaped. */
void text_table_html(const TextTable *table, const char *caption, GString *out);
