/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/permutation.h"

#include <glib.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdbool.h>

#include "correlate/stats/association.h"

#define SEED 20181 /* any fixed number: the same data must give the same p */
#define ENOUGH 100

/* Ranks of a block around their mean, so that blocks of different levels are comparable. */
static void
centre_ranks(const double *values, size_t n, double *ret_ranks)
{
    rank_of(values, n, ret_ranks);
    for (size_t i = 0; i < n; i++)
        ret_ranks[i] -= ((double) n + 1) / 2;
}

typedef struct {
    size_t n;
    double *x, *y;  /* centred ranks, block by block */
    GArray *starts; /* size_t: where blocks begin, and the end */
} Sorted;

static void
sort_into_blocks(const double *x, const double *y, const size_t *block, size_t n, Sorted *sorted)
{
    g_autofree size_t *order = g_new(size_t, n + 1);
    g_autofree double *key = g_new(double, n + 1);
    g_autofree double *plain_x = g_new(double, n + 1);
    g_autofree double *plain_y = g_new(double, n + 1);

    for (size_t i = 0; i < n; i++)
        key[i] = block ? (double) block[i] : 0;
    gsl_sort_index(order, key, 1, n);
    for (size_t i = 0; i < n; i++) {
        plain_x[i] = x[order[i]];
        plain_y[i] = y[order[i]];
        if (i == 0 || key[order[i]] != key[order[i - 1]])
            g_array_append_val(sorted->starts, i);
    }
    g_array_append_val(sorted->starts, n);
    for (guint b = 0; b + 1 < sorted->starts->len; b++) {
        size_t first = g_array_index(sorted->starts, size_t, b);
        size_t size = g_array_index(sorted->starts, size_t, b + 1) - first;

        centre_ranks(plain_x + first, size, sorted->x + first);
        centre_ranks(plain_y + first, size, sorted->y + first);
    }
}

static double
product(const Sorted *sorted)
{
    double sum = 0;

    for (size_t i = 0; i < sorted->n; i++)
        sum += sorted->x[i] * sorted->y[i];
    return fabs(sum);
}

static void
shuffle(Sorted *sorted, gsl_rng *random)
{
    for (guint b = 0; b + 1 < sorted->starts->len; b++) {
        size_t first = g_array_index(sorted->starts, size_t, b);

        gsl_ran_shuffle(random, sorted->x + first,
                        g_array_index(sorted->starts, size_t, b + 1) - first, sizeof *sorted->x);
    }
}

static bool
can_be_tested(const Sorted *sorted)
{
    double xx = 0, yy = 0;

    for (size_t i = 0; i < sorted->n; i++) {
        xx += sorted->x[i] * sorted->x[i];
        yy += sorted->y[i] * sorted->y[i];
    }
    return sorted->n >= 3 && xx > 0 && yy > 0;
}

double
permutation_p(const double *x, const double *y, const size_t *block, size_t n, size_t shuffles)
{
    g_autofree double *rank_x = g_new0(double, n + 1);
    g_autofree double *rank_y = g_new0(double, n + 1);
    g_autoptr(GArray) starts = g_array_new(FALSE, FALSE, sizeof(size_t));
    Sorted sorted = { n, rank_x, rank_y, starts };
    size_t extreme = 0, done;
    gsl_rng *random;
    double found;

    sort_into_blocks(x, y, block, n, &sorted);
    if (!can_be_tested(&sorted))
        return NAN;

    found = product(&sorted);
    random = gsl_rng_alloc(gsl_rng_mt19937);
    gsl_rng_set(random, SEED);
    for (done = 0; done < shuffles && extreme < ENOUGH; done++) {
        shuffle(&sorted, random);
        extreme += product(&sorted) >= found - 1e-9;
    }
    gsl_rng_free(random);
    return extreme == ENOUGH ? (double) extreme / (double) done
                             : (1 + (double) extreme) / (1 + (double) shuffles);
}
