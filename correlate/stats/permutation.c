/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/permutation.h"

#include <glib.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>

#include "correlate/stats/association.h"

#define ENOUGH 100
#define SEED 20181 /* any fixed number: the same data must give the same p */

/* Of centred ranks: Spearman's rho up to a factor that shuffling does not change. */
static double
product(const double *a, const double *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static double *
centred_ranks(const double *values, size_t n)
{
    double *ranks = g_new(double, n);

    rank_of(values, n, ranks);
    for (size_t i = 0; i < n; i++)
        ranks[i] -= ((double) n + 1) / 2;
    return ranks;
}

double
permutation_p(const double *x, const double *y, size_t n, size_t shuffles)
{
    g_autofree double *rank_x = NULL;
    g_autofree double *rank_y = NULL;
    gsl_rng *random;
    size_t extreme = 0, done;
    double found;

    if (isnan(spearman(x, y, n)))
        return NAN;

    rank_x = centred_ranks(x, n);
    rank_y = centred_ranks(y, n);
    found = fabs(product(rank_x, rank_y, n));
    random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, SEED);
    for (done = 0; done < shuffles && extreme < ENOUGH; done++) {
        gsl_ran_shuffle(random, rank_x, n, sizeof *rank_x);
        extreme += fabs(product(rank_x, rank_y, n)) >= found - 1e-9;
    }
    gsl_rng_free(random);
    return extreme == ENOUGH ? (double) extreme / (double) done
                             : (1 + (double) extreme) / (1 + (double) shuffles);
}
