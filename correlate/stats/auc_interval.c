/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/auc_interval.h"

#include <glib.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <string.h>

#define SEED 20182

/* One visit's values, apart by class and sorted. */
typedef struct {
    size_t level;
    double *value[2];
    size_t n[2];
} Group;

typedef struct {
    GArray *groups; /* Group, level by level */
    GArray *levels; /* size_t: where each level begins in `groups`, and the end */
    double *wins;   /* [i * groups + j]: pairs that class 1 of i wins against class 0 of j */
} Table;

static void
group_clear(void *data)
{
    Group *group = data;

    g_free(group->value[0]);
    g_free(group->value[1]);
}

static Group
group_of(const AucWindow *windows, size_t n)
{
    Group group = { .level = windows[0].level, .value = { g_new(double, n), g_new(double, n) } };

    for (size_t i = 0; i < n; i++) {
        int label = windows[i].label != 0;

        group.value[label][group.n[label]++] = windows[i].value;
    }
    gsl_sort(group.value[0], 1, group.n[0]);
    gsl_sort(group.value[1], 1, group.n[1]);
    return group;
}

static int
compare_levels(const void *a, const void *b)
{
    const Group *x = a, *y = b;

    return (x->level > y->level) - (x->level < y->level);
}

/* Both are sorted, so one walk along them counts the pairs; ties are half a win. */
static double
count_wins(const Group *over, const Group *under)
{
    size_t below = 0, upto = 0;
    double wins = 0;

    for (size_t i = 0; i < over->n[1]; i++) {
        while (below < under->n[0] && under->value[0][below] < over->value[1][i])
            below++;
        upto = MAX(upto, below);
        while (upto < under->n[0] && under->value[0][upto] <= over->value[1][i])
            upto++;
        wins += (double) (below + upto) / 2;
    }
    return wins;
}

static Table
table_new(const AucWindow *windows, size_t n)
{
    Table table = { .groups = g_array_new(FALSE, FALSE, sizeof(Group)),
                    .levels = g_array_new(FALSE, FALSE, sizeof(size_t)) };
    guint len;

    g_array_set_clear_func(table.groups, group_clear);
    for (size_t first = 0, past; first < n; first = past) {
        Group group;

        for (past = first + 1; past < n && windows[past].visit == windows[first].visit; past++)
            ;
        group = group_of(windows + first, past - first);
        g_array_append_val(table.groups, group);
    }
    g_array_sort(table.groups, compare_levels);

    len = table.groups->len;
    table.wins = g_new(double, (size_t) len *len + 1);
    for (size_t i = 0; i < len; i++) {
        const Group *group = &g_array_index(table.groups, Group, i);

        if (i == 0 || g_array_index(table.groups, Group, i - 1).level != group->level)
            g_array_append_val(table.levels, i);
        for (size_t j = 0; j < len; j++)
            table.wins[i * len + j] = count_wins(group, &g_array_index(table.groups, Group, j));
    }
    g_array_append_val(table.levels, ((size_t){ len }));
    return table;
}

static void
table_clear(Table *table)
{
    g_array_unref(table->groups);
    g_array_unref(table->levels);
    g_free(table->wins);
}

/* The AUC of visits drawn `times` each; NAN when a class is missing. Never quite 0 or 1. */
static double
drawn_auc(const Table *table, const guint *times)
{
    double wins = 0, positives = 0, negatives = 0, edge;
    guint len = table->groups->len;

    for (guint i = 0; i < len; i++) {
        const Group *group = &g_array_index(table->groups, Group, i);

        positives += times[i] * (double) group->n[1];
        negatives += times[i] * (double) group->n[0];
        for (guint j = 0; times[i] && j < len; j++)
            wins += times[i] * times[j] * table->wins[(size_t) i * len + j];
    }
    if (positives == 0 || negatives == 0)
        return NAN;
    edge = 0.5 / (positives * negatives);
    return CLAMP(wins / (positives * negatives), edge, 1 - edge);
}

static void
draw_visits(const Table *table, gsl_rng *random, guint *times)
{
    memset(times, 0, table->groups->len * sizeof *times);
    for (guint l = 0; l + 1 < table->levels->len; l++) {
        size_t first = g_array_index(table->levels, size_t, l);
        size_t visits = g_array_index(table->levels, size_t, l + 1) - first;

        for (size_t i = 0; i < visits; i++)
            times[first + gsl_rng_uniform_int(random, visits)]++;
    }
}

/* The standard deviation of probit AUC over draws. */
static double
drawn_deviation(const Table *table, size_t resamples)
{
    g_autofree guint *times = g_new(guint, table->groups->len + 1);
    gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
    double sum = 0, squares = 0, n = 0;

    gsl_rng_set(random, SEED);
    for (size_t i = 0; i < resamples; i++) {
        double auc, probit;

        draw_visits(table, random, times);
        auc = drawn_auc(table, times);
        if (isnan(auc))
            continue;
        probit = gsl_cdf_ugaussian_Pinv(auc);
        sum += probit;
        squares += probit * probit;
        n++;
    }
    gsl_rng_free(random);
    return n > 1 ? sqrt(fmax(0, (squares - sum * sum / n) / (n - 1))) : NAN;
}

/* Newcombe's variance of an AUC `area` of m against n values. */
static double
newcombe_variance(double area, double m, double n)
{
    double half = fmax(1, (m + n) / 2 - 1);

    return area * (1 - area) * (1 + half * (1 - area) / (2 - area) + half * area / (1 + area)) /
           (m * n);
}

/* The area furthest from `auc` towards `end` that lies within 1.96 of its own standard errors. */
static double
newcombe_bound(double auc, double end, double m, double n)
{
    double near = auc, far = end;

    for (int i = 0; i < 60; i++) {
        double middle = (near + far) / 2;

        if (fabs(auc - middle) <=
            gsl_cdf_ugaussian_Pinv(0.975) * sqrt(newcombe_variance(middle, m, n)))
            near = middle;
        else
            far = middle;
    }
    return near;
}

static void
bound_without_overlap(const Table *table, AucInterval *interval)
{
    double visits[2] = { 0, 0 };

    for (guint i = 0; i < table->groups->len; i++)
        for (int label = 0; label < 2; label++)
            visits[label] += g_array_index(table->groups, Group, i).n[label] > 0;
    if (interval->auc > 0.5)
        interval->low = newcombe_bound(1 - 1e-9, 0, visits[1], visits[0]);
    else
        interval->high = newcombe_bound(1e-9, 1, visits[1], visits[0]);
}

/* Visits beyond the first of each level: what tells how much visits differ. NAN where a level has
 * but one. */
static double
degrees_of_freedom(const Table *table)
{
    for (guint l = 0; l + 1 < table->levels->len; l++)
        if (g_array_index(table->levels, size_t, l + 1) - g_array_index(table->levels, size_t, l) <
            2)
            return NAN;
    return (double) table->groups->len - (double) (table->levels->len - 1);
}

static void
set_bounds(const Table *table, double auc, size_t resamples, AucInterval *interval)
{
    double free = degrees_of_freedom(table), reach, probit = gsl_cdf_ugaussian_Pinv(auc);

    interval->low = interval->high = NAN;
    if (isnan(free))
        return;
    reach = gsl_cdf_tdist_Pinv(0.975, free) * sqrt((double) table->groups->len / free) *
            drawn_deviation(table, resamples);
    interval->low = fmin(interval->auc, gsl_cdf_ugaussian_P(probit - reach));
    interval->high = fmax(interval->auc, gsl_cdf_ugaussian_P(probit + reach));
    if (interval->auc <= 0 || interval->auc >= 1)
        bound_without_overlap(table, interval);
}

bool
auc_interval(const AucWindow *windows, size_t n, size_t resamples, AucInterval *ret_interval)
{
    Table table = table_new(windows, n);
    g_autofree guint *once = g_new(guint, table.groups->len + 1);
    double positives = 0, wins = 0, auc;

    for (guint i = 0; i < table.groups->len; i++) {
        once[i] = 1;
        positives += (double) g_array_index(table.groups, Group, i).n[1];
        for (guint j = 0; j < table.groups->len; j++)
            wins += table.wins[(size_t) i * table.groups->len + j];
    }
    auc = drawn_auc(&table, once);
    if (!isnan(auc)) {
        ret_interval->auc = wins / (positives * ((double) n - positives));
        set_bounds(&table, auc, resamples, ret_interval);
    }
    table_clear(&table);
    return !isnan(auc);
}
