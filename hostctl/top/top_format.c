/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/top/top_format.h"

#include <math.h>

#include "common/base/text.h"

#define NAME_BYTES 128

static char *
scaled(double value, const char *const *units, double step)
{
    size_t unit = 0;

    if (!isfinite(value))
        return g_strdup("-");
    while (value >= 999.5 && units[unit + 1]) {
        value /= step;
        unit++;
    }
    if (value == 0 && unit == 0)
        return g_strdup_printf("0%s", units[unit]);
    return g_strdup_printf(value < 9.95 && (unit > 0 || value != floor(value)) ? "%.1f%s"
                                                                               : "%.0f%s",
                           value, units[unit]);
}

char *
top_short_number(double value)
{
    static const char *const units[] = { "", "k", "M", "G", "T", "P", NULL };

    return scaled(value, units, 1000);
}

char *
top_short_kib(uint64_t kib)
{
    static const char *const units[] = { "K", "M", "G", "T", "P", NULL };

    return kib == ABSENT_U64 ? g_strdup("-") : scaled(kib, units, 1024);
}

char *
top_percent(double ratio)
{
    if (!isfinite(ratio))
        return g_strdup("-");
    return g_strdup_printf(ratio < 0.9995 ? "%.1f" : "%.0f", 100 * ratio);
}

char *
top_name(const char *name)
{
    return text_printable(name, NAME_BYTES);
}

/* The text, at most `width` characters of it; the last one is "~" when it was cut. */
static char *
cut(const char *text, int width)
{
    g_autofree char *head = NULL;

    if (width <= 0)
        return g_strdup("");
    if (g_utf8_strlen(text, -1) <= width)
        return g_strdup(text);
    head = g_utf8_substring(text, 0, width - 1);
    return g_strconcat(head, "~", NULL);
}

static void
append_blanks(GString *line, int n)
{
    for (int i = 0; i < n; i++)
        g_string_append_c(line, ' ');
}

void
top_append_left(GString *line, const char *text, int width)
{
    g_autofree char *shown = cut(text, width);

    g_string_append(line, shown);
    append_blanks(line, width - (int) g_utf8_strlen(shown, -1));
}

void
top_append_right(GString *line, const char *text, int width)
{
    g_autofree char *shown = cut(text, width);

    append_blanks(line, width - (int) g_utf8_strlen(shown, -1));
    g_string_append(line, shown);
}
