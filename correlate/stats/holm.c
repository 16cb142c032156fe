/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/holm.h"

#include <glib.h>
#include <gsl/gsl_sort.h>
#include <math.h>

void
holm_adjust(double *p_values, size_t n)
{
    g_autofree double *known = g_new(double, n + 1);
    g_autofree size_t *at = g_new(size_t, n + 1);
    g_autofree size_t *order = g_new(size_t, n + 1);
    size_t tests = 0;
    double largest = 0;

    for (size_t i = 0; i < n; i++) {
        if (isnan(p_values[i]))
            continue;
        known[tests] = p_values[i];
        at[tests++] = i;
    }
    gsl_sort_index(order, known, 1, tests);
    for (size_t i = 0; i < tests; i++) {
        largest = fmax(largest, fmin(1, (double) (tests - i) * known[order[i]]));
        p_values[at[order[i]]] = largest;
    }
}
