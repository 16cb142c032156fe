/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/isolation.h"

#include <math.h>

#include "correlate/align/visit_walk.h"
#include "correlate/stats/difference.h"
#include "correlate/stats/quantile.h"

static double
log_rate(const DatasetVisit *visit)
{
    if (!visit_is_whole(visit) || visit->work_units <= 0 || visit->work_ns <= 0)
        return NAN;
    return log((double) visit->work_units / ((double) visit->work_ns / 1e9));
}

static bool
is_baseline_of(const DatasetCondition *condition, const DatasetCondition *other)
{
    return g_strcmp0(condition->victim_load, other->victim_load) == 0 &&
           g_strcmp0(condition->ksm, other->ksm) == 0 &&
           g_strcmp0(condition->balloon, other->balloon) == 0;
}

/* Logarithms of the rates of the row's own visits, and of its baseline's. */
static void
collect(const DatasetFacts *facts, const DatasetCondition *condition, double vp_percent,
        GArray *ret_now, GArray *ret_quiet)
{
    for (guint i = 0; i < facts->visits->len; i++) {
        const DatasetVisit *visit = &g_array_index(facts->visits, DatasetVisit, i);
        const DatasetCondition *its = dataset_facts_condition(facts, visit->condition_id);
        double rate = log_rate(visit);

        if (!its || isnan(rate))
            continue;
        if (visit->bulk_running == 0 && is_baseline_of(condition, its))
            g_array_append_val(ret_quiet, rate);
        else if (visit->bulk_running > 0 && its == condition && visit->vp_percent == vp_percent)
            g_array_append_val(ret_now, rate);
    }
}

static IsolationRow
make_row(const DatasetFacts *facts, const DatasetCondition *condition, const DatasetVisit *visit)
{
    g_autoptr(GArray) now = g_array_new(FALSE, FALSE, sizeof(double));
    g_autoptr(GArray) quiet = g_array_new(FALSE, FALSE, sizeof(double));
    Difference difference;

    collect(facts, condition, visit->vp_percent, now, quiet);
    difference = difference_of_means((const double *) now->data, now->len,
                                     (const double *) quiet->data, quiet->len);
    return (IsolationRow){
        .condition = condition->name,
        .victim_load = condition->victim_load,
        .culprit_load = condition->culprit_load,
        .vp_percent = visit->vp_percent,
        .load_percent = visit->load_percent,
        .visits = now->len,
        .baseline_visits = quiet->len,
        .units_per_second = exp(mean_of((const double *) now->data, now->len)),
        .baseline_units_per_second = exp(mean_of((const double *) quiet->data, quiet->len)),
        .slowdown_ratio = exp(difference.difference),
        .slowdown_low = exp(difference.low),
        .slowdown_high = exp(difference.high),
    };
}

static bool
is_there(const GArray *rows, const DatasetCondition *condition, double vp_percent)
{
    for (guint i = 0; i < rows->len; i++) {
        const IsolationRow *row = &g_array_index(rows, IsolationRow, i);

        if (row->condition == condition->name && row->vp_percent == vp_percent)
            return true;
    }
    return false;
}

GArray *
isolation_rows(const DatasetFacts *facts)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(IsolationRow));

    for (guint i = 0; i < facts->visits->len; i++) {
        const DatasetVisit *visit = &g_array_index(facts->visits, DatasetVisit, i);
        const DatasetCondition *condition = dataset_facts_condition(facts, visit->condition_id);
        IsolationRow row;

        if (!condition || visit->bulk_running <= 0 || isnan(log_rate(visit)) ||
            isnan(visit->vp_percent) || is_there(rows, condition, visit->vp_percent))
            continue;
        row = make_row(facts, condition, visit);
        g_array_append_val(rows, row);
    }
    return rows;
}
