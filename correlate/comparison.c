/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/comparison.h"

#include <math.h>

#include "correlate/stats/holm.h"
#include "correlate/stats/quantile.h"

/* What is compared: the estimators, then two numbers of the host. */
enum { DELAY = ESTIMATOR_COUNT, IPS, NUMBERS };

static const char *
number_name(int number)
{
    if (number < ESTIMATOR_COUNT)
        return estimator_list[number]->name;
    return number == DELAY ? "delay_share" : "instructions_per_second";
}

static double
visit_number(const Visit *visit, int number)
{
    if (number < ESTIMATOR_COUNT)
        return visit_mean(visit, (size_t) number);
    return number == DELAY ? visit_delay_share(visit) : visit_instructions_per_second(visit);
}

/* Visit means of one level. */
static size_t
collect(const Visits *visits, const char *condition, double vp, int number, double *values)
{
    int index = visits_condition(visits, condition);
    size_t n = 0;

    for (guint i = 0; index >= 0 && i < visits->visits->len; i++) {
        const Visit *visit = visits->visits->pdata[i];

        if (visit->condition != (guint) index || fabs(visit->vp_percent - vp) > 1e-6)
            continue;
        values[n] = visit_number(visit, number);
        n += !isnan(values[n]);
    }
    return n;
}

static void
compare_level(GArray *rows, const Visits *a, const Visits *b, const char *condition, double vp)
{
    g_autofree double *of_a = g_new(double, a->visits->len + 1);
    g_autofree double *of_b = g_new(double, b->visits->len + 1);

    for (int number = 0; number < NUMBERS; number++) {
        size_t n_a = collect(a, condition, vp, number, of_a);
        size_t n_b = collect(b, condition, vp, number, of_b);
        ComparisonRow row = { .number = number_name(number),
                              .condition = condition,
                              .vp_percent = vp,
                              .visits_a = (guint) n_a,
                              .visits_b = (guint) n_b };

        if (n_a == 0 || n_b == 0)
            continue;
        row.mean_a = mean_of(of_a, n_a);
        row.mean_b = mean_of(of_b, n_b);
        row.change = difference_of_means(of_a, n_a, of_b, n_b);
        g_array_append_val(rows, row);
    }
}

static bool
is_first_of_level(const Visits *visits, guint at)
{
    const Visit *visit = visits->visits->pdata[at];

    for (guint i = 0; i < at; i++) {
        const Visit *other = visits->visits->pdata[i];

        if (other->condition == visit->condition && other->vp_percent == visit->vp_percent)
            return false;
    }
    return true;
}

GArray *
compare_runs(const Visits *a, const Visits *b)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(ComparisonRow));
    g_autofree double *p = NULL;

    for (guint i = 0; i < a->visits->len; i++) {
        const Visit *visit = a->visits->pdata[i];

        if (is_first_of_level(a, i))
            compare_level(rows, a, b, a->conditions->pdata[visit->condition], visit->vp_percent);
    }
    p = g_new(double, rows->len + 1);
    for (guint i = 0; i < rows->len; i++)
        p[i] = g_array_index(rows, ComparisonRow, i).change.p_value;
    holm_adjust(p, rows->len);
    for (guint i = 0; i < rows->len; i++)
        g_array_index(rows, ComparisonRow, i).p_holm = p[i];
    return rows;
}
