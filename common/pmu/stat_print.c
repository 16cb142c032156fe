/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/stat_print.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/decimal.h"
#include "common/base/failure.h"
#include "common/base/json_text.h"
#include "common/base/text.h"

#define NAME_BYTES_MAX 128 /* of a domain: anybody may have chosen it */
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

/* The clocks count nanoseconds and print milliseconds. */
static double
printed_value(const StatRow *row)
{
    return row->is_time ? row->value / 1e6 : floor(row->value + 0.5);
}

static const char *
unit_of(const StatRow *row)
{
    return row->is_time ? "msec" : "";
}

/* perf's words for none; NULL when there is a value. */
static const char *
why_no_value(const StatRow *row)
{
    if (!row->supported)
        return "<not supported>";
    return isnan(row->value) ? "<not counted>" : NULL;
}

/* A number, or perf's words for none. */
static char *
value_text(const StatRow *row, int decimals)
{
    const char *none = why_no_value(row);

    return none ? g_strdup(none) : g_strdup_printf("%.*f", decimals, printed_value(row));
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
print_u64(FILE *out, uint64_t value)
{
    char text[DECIMAL_BYTES];

    fwrite_unlocked(text, 1, (size_t) (decimal_put_u64(text, value) - text), out);
}

static void
print_double(FILE *out, double value, int decimals)
{
    char text[DECIMAL_BYTES];

    fwrite_unlocked(text, 1, (size_t) (decimal_put(text, value, decimals) - text), out);
}

/* Texts one after the other, up to a NULL. */
static void
print_texts(FILE *out, ...)
{
    va_list texts;

    va_start(texts, out);
    for (const char *text; (text = va_arg(texts, const char *));)
        fputs_unlocked(text, out);
    va_end(texts);
}

/* Letters, digits and what hostctl's own guests have in their names. */
static bool
is_plain(const char *domain, const char *separator)
{
    size_t length = 0;

    while (g_ascii_isalnum(domain[length]) || (domain[length] && strchr("_.-", domain[length])))
        length++;
    return domain[length] == '\0' && length <= NAME_BYTES_MAX && *domain != '-' &&
           !strpbrk(domain, separator);
}

/* perf quotes nothing: whatever would look like a separator, or like a formula, is no longer one.
 */
static void
print_domain(FILE *out, const char *domain, const char *separator)
{
    g_autofree char *text = NULL;
    g_autofree char *valid = NULL;

    if (is_plain(domain, separator)) {
        fputs_unlocked(domain, out);
        return;
    }
    text = g_strndup(domain, NAME_BYTES_MAX);
    valid = g_utf8_make_valid(text, -1);
    for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        bool formula = at == valid && strchr("=+-@", *at);
        bool harmless = g_unichar_isprint(c) && c != ' ' && !formula &&
                        !(c < 0x80 && strchr(separator, (int) c));

        if (harmless)
            fwrite_unlocked(at, 1, (size_t) (g_utf8_next_char(at) - at), out);
        else
            putc_unlocked('_', out);
    }
}

static void
print_csv_exit(FILE *out, const StatRow *row, const char *separator)
{
    fputs_unlocked(separator, out);
    if (row->exit_reason)
        print_u64(out, row->exit_time_ns);
}

static void
print_csv_row(FILE *out, const StatWindow *window, const StatRow *row, const StatStyle *style)
{
    const char *separator = style->separator;
    const char *none = why_no_value(row);

    if (none)
        fputs_unlocked(none, out);
    else
        print_double(out, printed_value(row), csv_decimals(row));
    print_texts(out, separator, unit_of(row), separator, row->name, separator, NULL);
    print_u64(out, row->running_ns);
    fputs_unlocked(separator, out);
    print_u64(out, running_percent(row));
    print_texts(out, ".00", separator, NULL);
    if (*row->metric.unit)
        print_double(out, row->metric.value, row->metric.decimals);
    print_texts(out, separator, row->metric.unit, NULL);
    if (window->domain) {
        fputs_unlocked(separator, out);
        print_domain(out, window->domain, separator);
        fputs_unlocked(separator, out);
        print_u64(out, window->vcpu);
        print_texts(out, separator, row->mode ? row->mode : "", separator,
                    row->source ? row->source : "", NULL);
    }
    if (style->with_exits)
        print_csv_exit(out, row, separator);
    putc_unlocked('\n', out);
}

void
stat_print_csv(FILE *out, const StatWindow *window, const StatStyle *style)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        if (style->with_time) {
            print_seconds(out, style->perf == STAT_PERF_6_1 ? 6 : 0, window->end_ns);
            fputs_unlocked(style->separator, out);
        }
        if (window->thread)
            print_texts(out, window->thread, style->separator, NULL);
        print_csv_row(out, window, &window->rows[i], style);
    }
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
    if (perf == STAT_PERF_7_1 && !*metric->unit)
        return;
    if (perf == STAT_PERF_7_1)
        fprintf(out, ", \"metric-value\" : \"%f\", ", metric->value);
    else
        fprintf(out, ", \"metric-value\" : %f, ", metric->value);
    print_json_text(out, "metric-unit", metric->unit);
}

static void
print_json_ours(FILE *out, const StatWindow *window, const StatRow *row)
{
    if (window->domain) {
        g_autofree char *domain = g_strndup(window->domain, NAME_BYTES_MAX);

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
    print_json_text(out, "unit", unit_of(row));
    fputs(", ", out);
    print_json_text(out, "event", row->name);
    fprintf(out, ", \"event-runtime\" : %" PRIu64 ", \"pcnt-running\" : %u.00", row->running_ns,
            running_percent(row));
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

    fprintf(out, "%18s %-4s %s", value, unit_of(row), row->name);
    if (*row->metric.unit)
        fprintf(out, "%*s # %8.*f%s %s", 32 - (int) MIN(strlen(row->name), 32), "",
                row->metric.decimals, row->metric.value, is_percent(&row->metric) ? "%" : "",
                row->metric.unit);
    if (row->running_ns != row->enabled_ns)
        fprintf(out, "  (%u%%)", running_percent(row));
    fputc('\n', out);
}

static void
print_table_domain(FILE *out, const StatWindow *window)
{
    g_autofree char *domain = text_printable(window->domain, NAME_BYTES_MAX);

    fprintf(out, "%-*s %4u ", DOMAIN_WIDTH, domain, window->vcpu);
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
}
