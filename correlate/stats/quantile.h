/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Order statistics. */
#pragma once

#include <stddef.h>

/* Quantile by linear interpolation (R type 7, gsl_stats_quantile_from_sorted_data), and the median
 * without sorting it all (gsl_stats_median). Both reorder `values`; NAN when n is 0. */
double quantile_of(double *values, size_t n, double probability);
double median_of(double *values, size_t n);

/* Mean and sample standard deviation (n - 1); NAN where undefined. */
double mean_of(const double *values, size_t n);
double deviation_of(const double *values, size_t n);
