/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/detection.h"

#include <math.h>
#include <stdlib.h>

/* The windows of one vCPU follow each other at the distance of two starts. */
static double
window_seconds(const Visit *visit)
{
    const WindowValues *windows = (const WindowValues *) (void *) visit->kept->data;
    double shortest = INFINITY;

    for (guint i = 1; i < visit->kept->len; i++) {
        double distance = windows[i].t_seconds - windows[i - 1].t_seconds;

        if (distance > 0)
            shortest = fmin(shortest, distance);
    }
    return isfinite(shortest) ? shortest / visit->stride : 0;
}

/* NAN: nothing is overcommitted; INFINITY: never found out. */
static double
delay_of(const Visits *visits, const Visit *visit, const EvaluationRow *row)
{
    const size_t estimator = estimator_index(row->estimator);
    const TruthBaseline baseline = row->truth == TRUTH_SLOWDOWN
                                       ? truth_baseline(visits, visit->condition)
                                       : (TruthBaseline){ NAN };
    double begin = INFINITY, found = INFINITY;

    for (guint i = 0; i < visit->kept->len; i++) {
        const WindowValues *window = &g_array_index(visit->kept, WindowValues, i);
        double value = window->value[estimator];

        if (isnan(value) || truth_label(row->truth, visit, window, &baseline) != 1)
            continue;
        begin = fmin(begin, window->t_seconds);
        if (row->above ? value > row->threshold : value < row->threshold)
            found = fmin(found, window->t_seconds);
    }
    return isinf(begin) ? NAN : found - begin + window_seconds(visit);
}

static int
by_number(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

double
detection_delay_seconds(const Visits *visits, const EvaluationRow *row)
{
    g_autofree double *delays = g_new(double, visits->visits->len + 1);
    size_t n = 0;
    double median;

    if (isnan(row->threshold))
        return NAN;
    for (guint v = 0; v < visits->visits->len; v++) {
        const Visit *visit = visits->visits->pdata[v];

        delays[n] =
            visits_belong(visits, visit, row->condition_index) ? delay_of(visits, visit, row) : NAN;
        n += !isnan(delays[n]);
    }
    if (n == 0)
        return NAN;
    qsort(delays, n, sizeof delays[0], by_number);
    median = (delays[(n - 1) / 2] + delays[n / 2]) / 2;
    return isfinite(median) ? median : NAN;
}
