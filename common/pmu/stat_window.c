/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/stat_window.h"

#include <glib.h>
#include <math.h>

bool
stat_is_time(const Event *event)
{
    return event_id(event) == EVENT_TASK_CLOCK || event_id(event) == EVENT_CPU_CLOCK;
}

typedef enum { PER_SECOND, CPUS_UTILIZED, GIGAHERTZ, PER, PERCENT_OF } MetricKind;

/* An event that is not here gets a rate per second of CPU time. */
static const struct {
    MetricKind kind;
    EventId base;
    int decimals;
    const char *unit;
} metrics[EVENT_COUNT + 1] = {
    [EVENT_TASK_CLOCK] = { CPUS_UTILIZED, EVENT_COUNT, 3, "CPUs utilized" },
    [EVENT_CPU_CLOCK] = { CPUS_UTILIZED, EVENT_COUNT, 3, "CPUs utilized" },
    [EVENT_CYCLES] = { GIGAHERTZ, EVENT_COUNT, 3, "GHz" },
    [EVENT_INSTRUCTIONS] = { PER, EVENT_CYCLES, 2, "insn per cycle" },
    [EVENT_BRANCH_MISSES] = { PERCENT_OF, EVENT_BRANCHES, 2, "of all branches" },
    [EVENT_CACHE_MISSES] = { PERCENT_OF, EVENT_CACHE_REFERENCES, 2, "of all cache refs" },
};

/* NAN when the event is not there or has not counted. */
static double
value_of(const StatWindow *window, EventId event, const char *mode)
{
    for (unsigned i = 0; i < window->n_rows; i++) {
        const StatRow *row = &window->rows[i];

        if (row->event == &event_list[event] && (!mode || g_strcmp0(row->mode, mode) == 0))
            return row->value;
    }
    return NAN;
}

static double
cpu_time_ns(const StatWindow *window)
{
    double task_clock = value_of(window, EVENT_TASK_CLOCK, NULL);

    return isnan(task_clock) ? value_of(window, EVENT_CPU_CLOCK, NULL) : task_clock;
}

static void
set_metric(StatMetric *metric, double value, int decimals, const char *unit)
{
    if (isfinite(value))
        *metric = (StatMetric){ .value = value, .decimals = decimals, .unit = unit };
}

static void
set_rate(StatMetric *metric, double per_second)
{
    static const char *const units[] = { "/sec", "K/sec", "M/sec", "G/sec" };
    size_t u = 0;

    for (; per_second > 1000 && u + 1 < G_N_ELEMENTS(units); u++)
        per_second /= 1000;
    set_metric(metric, per_second, 3, units[u]);
}

static double
base_of(const StatWindow *window, const StatRow *row, EventId event, double cpu_ns)
{
    switch (metrics[event].kind) {
    case CPUS_UTILIZED:
        return (double) window->elapsed_ns;
    case PER:
        return value_of(window, metrics[event].base, row->mode);
    case PERCENT_OF:
        return value_of(window, metrics[event].base, row->mode) / 100;
    default:
        return cpu_ns;
    }
}

void
stat_window_add_metrics(StatWindow *window)
{
    double cpu_ns = cpu_time_ns(window);

    for (unsigned i = 0; i < window->n_rows; i++) {
        StatRow *row = &window->rows[i];
        EventId event = event_id(row->event);
        double ratio;

        if (row->metric.unit)
            continue;
        ratio = row->value / base_of(window, row, event, cpu_ns);
        if (metrics[event].unit)
            set_metric(&row->metric, ratio, metrics[event].decimals, metrics[event].unit);
        else
            set_rate(&row->metric, ratio * 1e9);
    }
}
