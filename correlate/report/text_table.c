/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/text_table.h"

#include <math.h>

#include "common/base/text.h"

#define MAX_CELL_BYTES 400

struct TextTable {
    const char *const *headings;
    guint columns;
    GPtrArray *cells; /* char * */
};

TextTable *
text_table_new(const char *const *headings)
{
    TextTable *table = g_new0(TextTable, 1);

    table->headings = headings;
    table->columns = g_strv_length((char **) headings);
    table->cells = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void
text_table_free(TextTable *table)
{
    if (!table)
        return;

    g_ptr_array_unref(table->cells);
    g_free(table);
}

void
text_table_text(TextTable *table, const char *text)
{
    g_ptr_array_add(table->cells, text_printable(text ? text : "-", MAX_CELL_BYTES));
}

static char *
format_number(int digits, double number)
{
    if (!isfinite(number))
        return g_strdup("-");
    return digits < 0 ? g_strdup_printf("%.*g", -digits, number)
                      : g_strdup_printf("%.*f", digits, number);
}

void
text_table_number(TextTable *table, int digits, double number)
{
    g_ptr_array_add(table->cells, format_number(digits, number));
}

void
text_table_interval(TextTable *table, int digits, double number, double low, double high)
{
    g_autofree char *middle = format_number(digits, number);
    g_autofree char *from = format_number(digits, low);
    g_autofree char *to = format_number(digits, high);

    if (isnan(number) || isnan(low) || isnan(high))
        text_table_text(table, middle);
    else
        g_ptr_array_add(table->cells, g_strdup_printf("%s (%s to %s)", middle, from, to));
}

void
text_table_count(TextTable *table, guint64 count)
{
    g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, count);

    text_table_text(table, text);
}

guint
text_table_rows(const TextTable *table)
{
    return table->cells->len / table->columns;
}

static bool
is_left(const TextTable *table, guint column)
{
    return table->headings[column][0] == '<';
}

static const char *
heading(const TextTable *table, guint column)
{
    return table->headings[column] + is_left(table, column);
}

static void
print_cell(const TextTable *table, const char *text, guint column, glong width, GString *out)
{
    int pad = (int) (width - g_utf8_strlen(text, -1));
    bool last = column + 1 == table->columns;

    g_string_append(out, column ? "  " : "");
    if (!is_left(table, column))
        g_string_append_printf(out, "%*s", pad, "");
    g_string_append(out, text);
    if (is_left(table, column) && !last)
        g_string_append_printf(out, "%*s", pad, "");
    g_string_append(out, last ? "\n" : "");
}

void
text_table_print(const TextTable *table, GString *out)
{
    g_autofree glong *width = g_new0(glong, table->columns);

    for (guint c = 0; c < table->columns; c++)
        width[c] = g_utf8_strlen(heading(table, c), -1);
    for (guint i = 0; i < table->cells->len; i++)
        width[i % table->columns] =
            MAX(width[i % table->columns], g_utf8_strlen(table->cells->pdata[i], -1));

    for (guint c = 0; c < table->columns; c++)
        print_cell(table, heading(table, c), c, width[c], out);
    for (guint i = 0; i < table->cells->len; i++)
        print_cell(table, table->cells->pdata[i], i % table->columns, width[i % table->columns],
                   out);
}

static void
html_cell(const TextTable *table, const char *tag, const char *attributes, const char *text,
          guint column, GString *out)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);

    g_string_append_printf(out, "<%s%s%s>%s</%s>", tag, attributes,
                           is_left(table, column) ? " class=\"l\"" : "", escaped, tag);
}

void
text_table_html(const TextTable *table, const char *caption, GString *out)
{
    g_autofree char *escaped = g_markup_escape_text(caption, -1);

    g_assert(table->columns > 0);
    g_string_append_printf(out,
                           "<div class=\"wide\" role=\"region\" aria-label=\"%s\" tabindex=\"0\">"
                           "<table><caption>%s</caption>\n<thead><tr>",
                           escaped, escaped);
    for (guint c = 0; c < table->columns; c++)
        html_cell(table, "th", " scope=\"col\"", heading(table, c), c, out);
    g_string_append(out, "</tr></thead>\n<tbody>\n");
    for (guint i = 0; i < table->cells->len; i++) {
        guint column = i % table->columns;

        g_string_append(out, column == 0 ? "<tr>" : "");
        html_cell(table, "td", "", table->cells->pdata[i], column, out);
        g_string_append(out, column + 1 == table->columns ? "</tr>\n" : "");
    }
    g_string_append(out, "</tbody></table></div>\n");
}
