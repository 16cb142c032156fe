/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/stat_print.h"

#include <glib.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/json_text.h"

/* The clocks count nanoseconds and print milliseconds. */
static bool
is_clock(const StatRow *row)
{
    return row->event && (g_str_equal(row->event->name, "task-clock") ||
                          g_str_equal(row->event->name, "cpu-clock"));
}

static double
printed_value(const StatRow *row)
{
    return is_clock(row) ? row->value / 1e6 : floor(row->value + 0.5);
}

static const char *
unit_of(const StatRow *row)
{
    return is_clock(row) ? "msec" : "";
}

/* A number, or perf's words for none. */
static char *
value_text(const StatRow *row, int decimals)
{
    if (!row->supported)
        return g_strdup("<not supported>");
    if (isnan(row->value))
        return g_strdup("<not counted>");
    return g_strdup_printf("%.*f", decimals, printed_value(row));
}

/* perf divides integers here: whole percents, printed with two zeros. */
static unsigned
running_percent(const StatRow *row)
{
    if (row->running_ns == row->enabled_ns)
        return 100;
    return (unsigned) (100 * (double) row->running_ns / (double) row->enabled_ns);
}

static int
csv_decimals(const StatRow *row)
{
    double value = printed_value(row);

    return floor(value) == value ? 0 : 2;
}

static void
print_seconds(FILE *out, int width, int64_t ns)
{
    fprintf(out, "%*lld.%09lld", width, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

static void
print_csv_row(FILE *out, const StatRow *row, const char *separator)
{
    g_autofree char *value = value_text(row, csv_decimals(row));

    fprintf(out, "%s%s%s%s%s%s%" PRIu64 "%s%u.00%s", value, separator, unit_of(row), separator,
            row->name, separator, row->running_ns, separator, running_percent(row), separator);
    if (*row->metric.unit)
        fprintf(out, "%.*f", row->metric.decimals, row->metric.value);
    fprintf(out, "%s%s\n", separator, row->metric.unit);
}

void
stat_print_csv(FILE *out, const StatWindow *window, bool with_time, const char *separator)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        if (with_time) {
            print_seconds(out, 6, window->end_ns);
            fputs(separator, out);
        }
        print_csv_row(out, &window->rows[i], separator);
    }
}

static void
print_json_text(FILE *out, const char *key, const char *text)
{
    g_autoptr(GString) quoted = g_string_new(NULL);

    json_append_string(quoted, text);
    fprintf(out, "\"%s\" : %s, ", key, quoted->str);
}

static void
print_json_row(FILE *out, const StatRow *row, const char *source)
{
    g_autofree char *value = value_text(row, 6);

    print_json_text(out, "counter-value", value);
    print_json_text(out, "unit", unit_of(row));
    print_json_text(out, "event", row->name);
    fprintf(out, "\"event-runtime\" : %" PRIu64 ", \"pcnt-running\" : %u.00, ", row->running_ns,
            running_percent(row));
    fprintf(out, "\"metric-value\" : %f, ", row->metric.value);
    print_json_text(out, "metric-unit", row->metric.unit);
    fprintf(out, "\"source\" : \"%s\"}\n", source);
}

void
stat_print_json(FILE *out, const StatWindow *window, bool with_time, const char *source)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        fputc('{', out);
        if (with_time) {
            fputs("\"interval\" : ", out);
            print_seconds(out, 0, window->end_ns);
            fputs(", ", out);
        }
        print_json_row(out, &window->rows[i], source);
    }
}

void
stat_print_table_head(FILE *out)
{
    fputs("#           time             counts unit events\n", out);
}

static bool
is_percent(const StatMetric *metric)
{
    return g_str_has_prefix(metric->unit, "of all ");
}

static void
print_table_row(FILE *out, const StatRow *row)
{
    g_autofree char *value = value_text(row, is_clock(row) ? 2 : 0);

    fprintf(out, "%18s %-4s %s", value, unit_of(row), row->name);
    if (*row->metric.unit)
        fprintf(out, "%*s # %8.*f%s %s", 32 - (int) MIN(strlen(row->name), 32), "",
                row->metric.decimals, row->metric.value, is_percent(&row->metric) ? "%" : "",
                row->metric.unit);
    if (row->running_ns != row->enabled_ns)
        fprintf(out, "  (%u%%)", running_percent(row));
    fputc('\n', out);
}

void
stat_print_table(FILE *out, const StatWindow *window, bool with_time)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        if (with_time) {
            print_seconds(out, 6, window->end_ns);
            fputc(' ', out);
        }
        print_table_row(out, &window->rows[i]);
    }
}
