/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/metric_text.h"

#include <math.h>
#include <string.h>

#define TOTAL "_total"

void
metric_text_begin(MetricText *text, bool openmetrics)
{
    *text = (MetricText){ .out = g_string_sized_new(16384), .openmetrics = openmetrics };
}

char *
metric_text_end(MetricText *text)
{
    if (text->openmetrics)
        g_string_append(text->out, "# EOF\n");
    return g_string_free(g_steal_pointer(&text->out), FALSE);
}

/* Backslash and newline; quotes too, where they would end the text. */
static void
append_escaped(GString *out, const char *text, bool quotes)
{
    for (; *text; text++)
        switch (*text) {
        case '\\':
            g_string_append(out, "\\\\");
            break;
        case '\n':
            g_string_append(out, "\\n");
            break;
        case '"':
            g_string_append(out, quotes ? "\\\"" : "\"");
            break;
        default:
            g_string_append_c(out, *text);
        }
}

static void
append_unit(const MetricText *text, const char *name, int length)
{
    static const char *const units[] = { "seconds", "bytes", "ratio" };

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        int unit = (int) strlen(units[i]);

        if (length > unit && name[length - unit - 1] == '_' &&
            strncmp(name + length - unit, units[i], unit) == 0)
            g_string_append_printf(text->out, "# UNIT %.*s %s\n", length, name, units[i]);
    }
}

void
metric_family(MetricText *text, const char *name, MetricType type, const char *help)
{
    int length = (int) strlen(name);

    /* OpenMetrics names a counter's family without what its samples end in. */
    if (text->openmetrics && type == METRIC_COUNTER)
        length -= (int) strlen(TOTAL);
    text->family = name;
    g_string_append_printf(text->out, "# TYPE %.*s %s\n", length, name,
                           type == METRIC_COUNTER ? "counter" : "gauge");
    if (text->openmetrics)
        append_unit(text, name, length);
    g_string_append_printf(text->out, "# HELP %.*s ", length, name);
    append_escaped(text->out, help, text->openmetrics);
    g_string_append_c(text->out, '\n');
}

static void
append_name(MetricText *text, const MetricLabel *labels)
{
    const char *before = "{";

    g_string_append(text->out, text->family);
    for (; labels && labels->name; labels++) {
        g_string_append_printf(text->out, "%s%s=\"", before, labels->name);
        append_escaped(text->out, labels->value, true);
        g_string_append_c(text->out, '"');
        before = ",";
    }
    g_string_append(text->out, *before == ',' ? "} " : " ");
}

void
metric_sample(MetricText *text, const MetricLabel *labels, double value)
{
    char number[G_ASCII_DTOSTR_BUF_SIZE];

    if (isnan(value))
        return;
    append_name(text, labels);
    /* Counts as whole numbers, as long as a double holds them exactly. */
    g_ascii_formatd(number, sizeof number,
                    fabs(value) < 9e15 && value == floor(value) ? "%.0f" : "%.15g", value);
    g_string_append_printf(text->out, "%s\n", number);
}

void
metric_sample_ns(MetricText *text, const MetricLabel *labels, uint64_t ns)
{
    append_name(text, labels);
    g_string_append_printf(text->out, "%" G_GUINT64_FORMAT ".%09" G_GUINT64_FORMAT "\n",
                           ns / 1000000000, ns % 1000000000);
}

void
metric_simple(MetricText *text, const char *name, MetricType type, const char *help, double value)
{
    if (isnan(value))
        return;
    metric_family(text, name, type, help);
    metric_sample(text, NULL, value);
}
