/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/association.h"

#include <glib.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>

#define SMALLEST_GROUP 5
#define LARGEST_Z 8.0 /* tanh(8) is 1 to seven digits: a perfect group must not weigh for ever */

double
pearson(const double *x, const double *y, size_t n)
{
    double r;

    if (n < 3)
        return NAN;
    r = gsl_stats_correlation(x, 1, y, 1, n);
    return isfinite(r) ? CLAMP(r, -1.0, 1.0) : NAN;
}

void
rank_of(const double *values, size_t n, double *ret_ranks)
{
    g_autofree size_t *order = g_new(size_t, n + 1);

    gsl_sort_index(order, values, 1, n);
    for (size_t first = 0, past; first < n; first = past) {
        for (past = first + 1; past < n && values[order[past]] == values[order[first]]; past++)
            ;
        for (size_t i = first; i < past; i++)
            ret_ranks[order[i]] = ((double) first + (double) past + 1) / 2;
    }
}

double
spearman(const double *x, const double *y, size_t n)
{
    g_autofree double *rank_x = g_new(double, n + 1);
    g_autofree double *rank_y = g_new(double, n + 1);

    rank_of(x, n, rank_x);
    rank_of(y, n, rank_y);
    return pearson(rank_x, rank_y, n);
}

double
association_within(Association measure, const double *x, const double *y, const size_t *group_of,
                   size_t n)
{
    double sum = 0, weights = 0;

    for (size_t first = 0, past; first < n; first = past) {
        double r;

        for (past = first + 1; past < n && group_of[past] == group_of[first]; past++)
            ;
        if (past - first < SMALLEST_GROUP)
            continue;
        r = measure(x + first, y + first, past - first);
        if (isnan(r))
            continue;
        sum += (double) (past - first - 3) * CLAMP(atanh(r), -LARGEST_Z, LARGEST_Z);
        weights += (double) (past - first - 3);
    }
    return weights > 0 ? tanh(sum / weights) : NAN;
}
