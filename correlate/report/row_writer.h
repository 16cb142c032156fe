/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of named cells: CSV with a heading, or one JSON object a line. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct RowWriter RowWriter;

/* `format`: "csv" or "json"; NULL with an error of code FAILURE_USAGE for others. */
RowWriter *row_writer_new(const char *format, FILE *out, GError **error);
void row_writer_free(RowWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RowWriter, row_writer_free)

/* The next column's name, in two parts (the second may be NULL); all before the heading. */
void row_writer_name(RowWriter *writer, const char *name, const char *part);
void row_writer_heading(RowWriter *writer);

/* The cells of a row, in the order of the names. Full precision; what is not known (NAN,
 * DATASET_UNKNOWN) is empty in CSV and null in JSON. */
void row_writer_text(RowWriter *writer, const char *text);
void row_writer_number(RowWriter *writer, double number);
void row_writer_integer(RowWriter *writer, int64_t integer);
bool row_writer_end(RowWriter *writer, GError **error);
