/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/row_writer.h"

#include <errno.h>
#include <math.h>

#include "common/base/failure.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "common/dataset/reader.h"

struct RowWriter {
    FILE *out;
    bool json;
    GPtrArray *names; /* char * */
    guint cell;       /* the next one of the present row */
};

RowWriter *
row_writer_new(const char *format, FILE *out, GError **error)
{
    RowWriter *writer;

    if (!g_str_equal(format, "csv") && !g_str_equal(format, "json")) {
        failure_set(error, FAILURE_USAGE, "unknown format “%s” (want csv or json)", format);
        return NULL;
    }
    writer = g_new0(RowWriter, 1);
    writer->out = out;
    writer->json = g_str_equal(format, "json");
    writer->names = g_ptr_array_new_with_free_func(g_free);
    return writer;
}

void
row_writer_free(RowWriter *writer)
{
    if (!writer)
        return;

    g_ptr_array_unref(writer->names);
    g_free(writer);
}

void
row_writer_name(RowWriter *writer, const char *name, const char *part)
{
    g_ptr_array_add(writer->names, g_strconcat(name, part, NULL));
}

void
row_writer_heading(RowWriter *writer)
{
    for (guint i = 0; !writer->json && i < writer->names->len; i++)
        fprintf(writer->out, "%s%s", i ? "," : "", (char *) writer->names->pdata[i]);
    if (!writer->json)
        fputc('\n', writer->out);
}

static void
begin_cell(RowWriter *writer)
{
    if (writer->json)
        fprintf(writer->out, "%s\"%s\":", writer->cell ? "," : "{",
                (char *) writer->names->pdata[writer->cell]);
    else if (writer->cell)
        fputc(',', writer->out);
    writer->cell++;
}

void
row_writer_text(RowWriter *writer, const char *text)
{
    begin_cell(writer);
    if (writer->json) {
        g_autoptr(GString) quoted = g_string_new(NULL);

        json_append_string(quoted, text);
        fputs(quoted->str, writer->out);
    } else {
        g_autofree char *cell = text_csv_cell(text);

        fputs(cell, writer->out);
    }
}

void
row_writer_number(RowWriter *writer, double number)
{
    begin_cell(writer);
    if (isfinite(number))
        fprintf(writer->out, "%.17g", number);
    else if (writer->json)
        fputs("null", writer->out);
}

void
row_writer_integer(RowWriter *writer, int64_t integer)
{
    begin_cell(writer);
    if (integer != DATASET_UNKNOWN)
        fprintf(writer->out, "%" G_GINT64_FORMAT, integer);
    else if (writer->json)
        fputs("null", writer->out);
}

bool
row_writer_end(RowWriter *writer, GError **error)
{
    writer->cell = 0;
    fputs(writer->json ? "}\n" : "\n", writer->out);
    if (ferror(writer->out))
        return failure_set_errno(error, errno, "writing a row");
    return true;
}
