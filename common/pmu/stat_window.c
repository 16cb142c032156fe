/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/stat_window.h"

#include <glib.h>
#include <math.h>

bool
stat_is_time(const Event *event)
{
    return event &&
           (g_str_equal(event->name, "task-clock") || g_str_equal(event->name, "cpu-clock"));
}

typedef enum { CPUS_UTILIZED, GIGAHERTZ, PER, PERCENT_OF } MetricKind;

/* An event that is not here gets a rate per second of CPU time. */
static const struct {
    const char *event;
    MetricKind kind;
    const char *base;
    const char *unit;
} metrics[] = {
    { "task-clock", CPUS_UTILIZED, NULL, "CPUs utilized" },
    { "cpu-clock", CPUS_UTILIZED, NULL, "CPUs utilized" },
    { "cycles", GIGAHERTZ, NULL, "GHz" },
    { "instructions", PER, "cycles", "insn per cycle" },
    { "branch-misses", PERCENT_OF, "branches", "of all branches" },
    { "cache-misses", PERCENT_OF, "cache-references", "of all cache refs" },
};

/* NAN when the event is not there or has not counted. */
static double
value_of(const StatWindow *window, const char *event, const char *mode)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        const StatRow *row = &window->rows[i];

        if (row->event && g_str_equal(row->event->name, event) &&
            (!mode || g_strcmp0(row->mode, mode) == 0))
            return row->value;
    }
    return NAN;
}

static double
cpu_time_ns(const StatWindow *window)
{
    double task_clock = value_of(window, "task-clock", NULL);

    return isnan(task_clock) ? value_of(window, "cpu-clock", NULL) : task_clock;
}

static void
set_metric(StatMetric *metric, double value, int decimals, const char *unit)
{
    if (!isfinite(value))
        return;
    metric->value = value;
    metric->decimals = decimals;
    g_strlcpy(metric->unit, unit, sizeof metric->unit);
}

static void
set_rate(StatMetric *metric, double per_second)
{
    static const char prefixes[] = " KMG";
    char unit[] = "?/sec";
    int p = 0;

    for (; per_second > 1000 && prefixes[p + 1]; p++)
        per_second /= 1000;
    unit[0] = prefixes[p];
    set_metric(metric, per_second, 3, p ? unit : unit + 1);
}

static void
add_metric(const StatWindow *window, StatRow *row, double cpu_ns)
{
    double base;

    for (size_t i = 0; row->event && i < G_N_ELEMENTS(metrics); i++) {
        if (!g_str_equal(metrics[i].event, row->event->name))
            continue;
        base = metrics[i].kind == CPUS_UTILIZED ? (double) window->elapsed_ns
               : metrics[i].kind == GIGAHERTZ   ? cpu_ns
                                                : value_of(window, metrics[i].base, row->mode);
        if (metrics[i].kind == PERCENT_OF)
            base /= 100;
        set_metric(&row->metric, row->value / base,
                   metrics[i].kind == PER || metrics[i].kind == PERCENT_OF ? 2 : 3,
                   metrics[i].unit);
        return;
    }
    set_rate(&row->metric, row->value / (cpu_ns / 1e9));
}

void
stat_window_add_metrics(StatWindow *window)
{
    double cpu_ns = cpu_time_ns(window);

    for (unsigned i = 0; i < window->n_rows; i++)
        if (!*window->rows[i].metric.unit)
            add_metric(window, &window->rows[i], cpu_ns);
}
