/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/stat_print.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/json_text.h"
#include "common/base/text.h"
#include "common/pmu/stat_row.h"

#define DOMAIN_WIDTH 20

bool
stat_perf_parse(const char *name, StatPerf *ret_perf, GError **error)
{
    static const char *const names[] = { [STAT_PERF_6_1] = "6.1", [STAT_PERF_7_1] = "7.1" };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (!g_str_equal(name, names[i]))
            continue;
        *ret_perf = (StatPerf) i;
        return true;
    }
    return failure_set(error, FAILURE_USAGE, "“%s” is no perf that prints differently (6.1, 7.1)",
                       name);
}

/* A number, or perf's words for none. */
static char *
value_text(const StatRow *row, int decimals)
{
    const char *none = stat_row_why_no_value(row);

    return none ? g_strdup(none) : g_strdup_printf("%.*f", decimals, stat_row_printed_value(row));
}

static void
print_seconds(FILE *out, int width, int64_t ns)
{
    fprintf(out, "%*lld.%09lld", width, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

/* perf's way of writing a member: blanks around the colon. */
static void
print_json_text(FILE *out, const char *key, const char *text)
{
    g_autoptr(GString) quoted = g_string_new(NULL);

    json_append_string(quoted, text);
    fprintf(out, "\"%s\" : %s", key, quoted->str);
}

static void
print_json_metric(FILE *out, const StatMetric *metric, StatPerf perf)
{
    if (perf == STAT_PERF_7_1 && !metric->unit)
        return;
    if (perf == STAT_PERF_7_1)
        fprintf(out, ", \"metric-value\" : \"%f\", ", metric->value);
    else
        fprintf(out, ", \"metric-value\" : %f, ", metric->value);
    print_json_text(out, "metric-unit", metric->unit ? metric->unit : "");
}

static void
print_json_ours(FILE *out, const StatWindow *window, const StatRow *row)
{
    if (window->domain) {
        g_autofree char *domain = g_strndup(window->domain, STAT_DOMAIN_BYTES_MAX);

        fputs(", ", out);
        print_json_text(out, "domain", domain);
        fprintf(out, ", \"vcpu\" : %u, ", window->vcpu);
        print_json_text(out, "mode", row->mode ? row->mode : "");
    }
    if (row->source)
        fprintf(out, ", \"source\" : \"%s\"", row->source);
    if (row->exit_reason) {
        fputs(", ", out);
        print_json_text(out, "exit-reason", row->exit_reason);
        fprintf(out, ", \"exit-time-ns\" : %" PRIu64, row->exit_time_ns);
    }
}

static void
print_json_row(FILE *out, const StatWindow *window, const StatRow *row, StatPerf perf)
{
    g_autofree char *value = value_text(row, 6);

    print_json_text(out, "counter-value", value);
    fputs(", ", out);
    print_json_text(out, "unit", stat_row_unit(row));
    fputs(", ", out);
    print_json_text(out, "event", row->name);
    fprintf(out, ", \"event-runtime\" : %" PRIu64 ", \"pcnt-running\" : %u.00", row->running_ns,
            stat_row_running_percent(row));
    print_json_metric(out, &row->metric, perf);
    print_json_ours(out, window, row);
    fputs("}\n", out);
}

void
stat_print_json(FILE *out, const StatWindow *window, const StatStyle *style)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        fputc('{', out);
        if (style->with_time) {
            fputs("\"interval\" : ", out);
            print_seconds(out, 0, window->end_ns);
            fputs(", ", out);
        }
        if (window->thread) {
            print_json_text(out, "thread", window->thread);
            fputs(", ", out);
        }
        print_json_row(out, window, &window->rows[i], style->perf);
    }
}

void
stat_print_table_head(FILE *out, bool with_domain)
{
    if (with_domain)
        fprintf(out, "#           time %-*s vcpu             counts unit events\n", DOMAIN_WIDTH,
                "domain");
    else
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
    g_autofree char *value = value_text(row, row->is_time ? 2 : 0);

    fprintf(out, "%18s %-4s %s", value, stat_row_unit(row), row->name);
    if (row->metric.unit)
        fprintf(out, "%*s # %8.*f%s %s", 32 - (int) MIN(strlen(row->name), 32), "",
                row->metric.decimals, row->metric.value, is_percent(&row->metric) ? "%" : "",
                row->metric.unit);
    if (row->running_ns != row->enabled_ns)
        fprintf(out, "  (%u%%)", stat_row_running_percent(row));
    fputc('\n', out);
}

static void
print_table_domain(FILE *out, const StatWindow *window)
{
    g_autofree char *domain = text_printable(window->domain, STAT_DOMAIN_BYTES_MAX);

    fprintf(out, "%-*s %4u ", DOMAIN_WIDTH, domain, window->vcpu);
}

static void
print_table_verdict(FILE *out, const StatVerdict *verdict)
{
    fprintf(out, "%18s", verdict->verdict);
    if (*verdict->estimator && isfinite(verdict->value))
        fprintf(out, "      %s %.6g, threshold %.6g, match: %s", verdict->estimator, verdict->value,
                verdict->threshold, verdict->match);
    if (*verdict->reason)
        fprintf(out, "      (%s)", verdict->reason);
    fputc('\n', out);
}

void
stat_print_table(FILE *out, const StatWindow *window, const StatStyle *style)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        if (style->with_time) {
            print_seconds(out, 6, window->end_ns);
            fputc(' ', out);
        }
        if (window->domain)
            print_table_domain(out, window);
        print_table_row(out, &window->rows[i]);
    }
    if (!window->verdict)
        return;
    if (style->with_time) {
        print_seconds(out, 6, window->end_ns);
        fputc(' ', out);
    }
    print_table_verdict(out, window->verdict);
}
