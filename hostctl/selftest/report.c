/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/selftest/report.h"

#include <json-glib/json-glib.h>
#include <math.h>

#include "common/base/failure.h"
#include "common/json/builder.h"

#define CELL_SIZE 32

/* "-" where there is nothing to say. */
static const char *
cell(char *buffer, const char *format, double value)
{
    if (isnan(value))
        return "-";
    return g_ascii_formatd(buffer, CELL_SIZE, format, value);
}

static void
print_event(const SelftestReport *report, size_t i, FILE *out)
{
    const SelftestFinding *finding = &report->findings[i];
    const SelftestFacts *facts = &report->trial->facts[i];
    char guest[CELL_SIZE], host[CELL_SIZE], agree[CELL_SIZE], known[CELL_SIZE];
    char begins[CELL_SIZE], ends[CELL_SIZE];

    fprintf(out, "%-14s %-18s %13s %13s %8s %8s %7s %7s\n", report->rules[i].event,
            selftest_verdict_name(finding->verdict), cell(guest, "%.0f", facts->with.count),
            cell(host, "%.0f", facts->host.count), cell(agree, "%.4f", finding->agreement_ratio),
            cell(known, "%.4f", finding->known_ratio),
            cell(begins, "%.2f", finding->begins_percent),
            cell(ends, "%.2f", finding->ends_percent));
}

static void
print_clock(const ClockCheck *clock, FILE *out)
{
    fprintf(out, "clock    %s: %u echoes, known to ±%.1f µs, drift %.1f ppm",
            clock->agree ? "ok" : "disagrees", clock->echoes, (double) clock->ping_bound_ns / 1e3,
            clock->drift_ppm);
    if (g_str_equal(clock->tsc_map, "none"))
        fprintf(out, "; no TSC to compare with\n");
    else
        fprintf(out, "; TSC (%s map) %.1f µs from the echoes, %.1f µs are allowed\n",
                clock->tsc_map, (double) clock->difference_ns / 1e3,
                (double) clock->bound_ns / 1e3);
}

void
selftest_report_text(const SelftestReport *report, FILE *out)
{
    fprintf(out, "counters %s\n", counter_source_name(report->source));
    fprintf(out, "guest    %s\n", report->summary);
    print_clock(report->clock, out);
    if (report->source == COUNTER_SOURCE_HARDWARE)
        fprintf(out, "host     cycles of host mode: %s\n",
                report->trial->host_mode_counts ? "counted" : report->trial->host_mode_problem);
    fprintf(out, "\n%-14s %-18s %13s %13s %8s %8s %7s %7s\n", "EVENT", "VERDICT", "GUEST", "HOST",
            "GU/HOST", "GU/KNOWN", "BEGIN%", "END%");
    for (size_t i = 0; i < report->n_rules; i++)
        print_event(report, i, out);
    for (size_t i = 0; i < report->n_rules; i++)
        if (report->findings[i].reason)
            fprintf(out, "\n%s\n", report->findings[i].reason);
    if (report->clock->reason)
        fprintf(out, "\nclock: %s\n", report->clock->reason);
}

static void
add_double(JsonBuilder *builder, const char *name, double value)
{
    json_builder_set_member_name(builder, name);
    if (isfinite(value))
        json_builder_add_double_value(builder, value);
    else
        json_builder_add_null_value(builder);
}

static void
add_bool(JsonBuilder *builder, const char *name, bool value)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_boolean_value(builder, value);
}

static void
add_event(JsonBuilder *builder, const SelftestReport *report, size_t i)
{
    const SelftestFinding *finding = &report->findings[i];
    const SelftestFacts *facts = &report->trial->facts[i];

    json_builder_begin_object(builder);
    json_put_text(builder, "event", report->rules[i].event);
    json_put_text(builder, "verdict", selftest_verdict_name(finding->verdict));
    add_double(builder, "guest_count", facts->with.count);
    add_double(builder, "host_count", facts->host.count);
    add_double(builder, "agreement_ratio", finding->agreement_ratio);
    add_double(builder, "known_ratio", finding->known_ratio);
    add_double(builder, "begins_percent", finding->begins_percent);
    add_double(builder, "ends_percent", finding->ends_percent);
    json_put_text(builder, "reason", finding->reason);
    json_builder_end_object(builder);
}

static void
add_clock(JsonBuilder *builder, const ClockCheck *clock)
{
    bool compared = !g_str_equal(clock->tsc_map, "none");

    json_builder_set_member_name(builder, "clock");
    json_builder_begin_object(builder);
    add_bool(builder, "agree", clock->agree);
    json_put_u64(builder, "echoes", clock->echoes);
    json_put_u64(builder, "ping_bound_ns", (uint64_t) clock->ping_bound_ns);
    add_double(builder, "drift_ppm", clock->drift_ppm);
    json_put_text(builder, "tsc_map", clock->tsc_map);
    add_double(builder, "difference_ns", compared ? (double) clock->difference_ns : NAN);
    add_double(builder, "bound_ns", compared ? (double) clock->bound_ns : NAN);
    json_put_text(builder, "reason", clock->reason);
    json_builder_end_object(builder);
}

void
selftest_report_json(const SelftestReport *report, FILE *out)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();

    json_builder_begin_object(builder);
    json_put_u64(builder, "format", SELFTEST_FORMAT);
    json_put_text(builder, "counters", counter_source_name(report->source));
    json_put_text(builder, "guest", report->summary);
    add_bool(builder, "pass", selftest_report_verdict(report, NULL));
    add_bool(builder, "mediated", report->trial->mediated);
    add_bool(builder, "host_mode_counts", report->trial->host_mode_counts);
    json_put_text(builder, "host_mode_problem", report->trial->host_mode_problem);
    json_builder_set_member_name(builder, "events");
    json_builder_begin_array(builder);
    for (size_t i = 0; i < report->n_rules; i++)
        add_event(builder, report, i);
    json_builder_end_array(builder);
    add_clock(builder, report->clock);
    json_builder_end_object(builder);
    json_print(builder, out);
}

bool
selftest_report_verdict(const SelftestReport *report, GError **error)
{
    g_autoptr(GString) failed = g_string_new(NULL);

    for (size_t i = 0; i < report->n_rules; i++)
        if (!selftest_verdict_passes(report->findings[i].verdict))
            g_string_append_printf(failed, "%s%s (%s)", failed->len ? ", " : "",
                                   report->rules[i].event,
                                   selftest_verdict_name(report->findings[i].verdict));
    if (report->source == COUNTER_SOURCE_HARDWARE && !report->trial->host_mode_counts)
        g_string_append_printf(failed, "%scycles of host mode", failed->len ? ", " : "");
    if (!report->clock->agree)
        g_string_append_printf(failed, "%sthe clock", failed->len ? ", " : "");
    return failed->len == 0 ||
           failure_set(error, FAILURE_NO, "not to be believed: %s", failed->str);
}
