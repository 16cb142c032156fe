/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/truth.h"

#include <math.h>

const char *
truth_name(Truth truth)
{
    static const char *const names[TRUTHS] = { "vp", "delay", "slowdown" };

    return names[truth];
}

static double
lowest_load_rate(const Visits *visits, guint condition)
{
    double lowest = INFINITY, sum = 0;
    guint n = 0;

    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < visits->visits->len; i++) {
            const Visit *visit = visits->visits->pdata[i];
            double rate = visit_instructions_per_second(visit);

            if (visit->condition != condition || isnan(rate) || isnan(visit->vp_percent))
                continue;
            if (pass == 0) {
                lowest = fmin(lowest, visit->vp_percent);
            } else if (visit->vp_percent <= lowest) {
                sum += rate;
                n++;
            }
        }
    }
    return n ? sum / n : NAN;
}

TruthBaseline
truth_baseline(const Visits *visits, guint condition)
{
    int quiet = visits_condition(visits, "quiet");
    TruthBaseline baseline = { NAN };

    if (quiet >= 0)
        baseline.instructions_per_second = lowest_load_rate(visits, (guint) quiet);
    if (isnan(baseline.instructions_per_second))
        baseline.instructions_per_second = lowest_load_rate(visits, condition);
    return baseline;
}

static int
vp_label(const Visit *visit)
{
    if (visit->boundary)
        return -1;
    if (visit->pool_cpus > 0 && visit->runnable >= 0) {
        if (visit->runnable == visit->pool_cpus + 1)
            return -1;
        return visit->runnable > visit->pool_cpus;
    }
    return isnan(visit->load_percent) ? -1 : visit->load_percent > 100;
}

int
truth_label(Truth truth, const Visit *visit, const WindowValues *window,
            const TruthBaseline *baseline)
{
    double number = truth_number(truth, visit, window, baseline);

    switch (truth) {
    case TRUTH_VP:
        return vp_label(visit);
    case TRUTH_DELAY:
        return visit->boundary || isnan(number) ? -1 : number > TRUTH_DELAY_SHARE;
    case TRUTH_SLOWDOWN:
        return visit->boundary || isnan(number) ? -1 : number > 1 / TRUTH_SLOWDOWN_RATIO;
    }
    return -1;
}

double
truth_number(Truth truth, const Visit *visit, const WindowValues *window,
             const TruthBaseline *baseline)
{
    switch (truth) {
    case TRUTH_VP:
        return visit->vp_percent;
    case TRUTH_DELAY:
        return window->delay_share;
    case TRUTH_SLOWDOWN:
        return window->instructions_per_second > 0
                   ? baseline->instructions_per_second / window->instructions_per_second
                   : NAN;
    }
    return NAN;
}

double
truth_visit_number(Truth truth, const Visit *visit, const TruthBaseline *baseline)
{
    const WindowValues mean = { .delay_share = visit_delay_share(visit),
                                .instructions_per_second = visit_instructions_per_second(visit) };

    return truth_number(truth, visit, &mean, baseline);
}
