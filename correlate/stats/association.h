/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How two series go together. Pairs with a NAN are left out by the caller. */
#pragma once

#include <stddef.h>

/* Pearson's r (gsl_stats_correlation); NAN when either side is constant or n < 3. */
double pearson(const double *x, const double *y, size_t n);

/* Spearman's rho: Pearson's r of the ranks, ties at their mean rank (as R's cor does). */
double spearman(const double *x, const double *y, size_t n);

/* Ranks from 1, ties at their mean rank. */
void rank_of(const double *values, size_t n, double *ret_ranks);

/*
 * The association inside groups alone: Fisher's z of each group's coefficient, averaged with
 * weights n - 3, and turned back. Groups of fewer than five, or constant in x or y, say nothing.
 * `group_of` gives each pair's group, equal numbers side by side.
 */
typedef double (*Association)(const double *x, const double *y, size_t n);
double association_within(Association measure, const double *x, const double *y,
                          const size_t *group_of, size_t n);
