/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/quantile.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>

double
quantile_of(double *values, size_t n, double probability)
{
    if (n == 0)
        return NAN;

    gsl_sort(values, 1, n);
    return gsl_stats_quantile_from_sorted_data(values, 1, n, probability);
}

double
median_of(double *values, size_t n)
{
    return n ? gsl_stats_median(values, 1, n) : NAN;
}

double
mean_of(const double *values, size_t n)
{
    return n ? gsl_stats_mean(values, 1, n) : NAN;
}

double
deviation_of(const double *values, size_t n)
{
    return n > 1 ? gsl_stats_sd(values, 1, n) : NAN;
}
