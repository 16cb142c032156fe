/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/difference.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "correlate/stats/quantile.h"

Difference
difference_of_means(const double *a, size_t n_a, const double *b, size_t n_b)
{
    double part_a = pow(deviation_of(a, n_a), 2) / (double) n_a;
    double part_b = pow(deviation_of(b, n_b), 2) / (double) n_b;
    double error = sqrt(part_a + part_b), reach;
    Difference d = { .difference = mean_of(b, n_b) - mean_of(a, n_a),
                     .low = NAN,
                     .high = NAN,
                     .t = NAN,
                     .degrees_of_freedom = NAN,
                     .p_value = NAN };

    /* Values that are all the same but for rounding have no scatter to go by. */
    if (!(error > 1e-9 * fmax(fabs(mean_of(a, n_a)), fabs(mean_of(b, n_b)))))
        return d;
    d.t = d.difference / error;
    d.degrees_of_freedom = pow(part_a + part_b, 2) / (part_a * part_a / (double) (n_a - 1) +
                                                      part_b * part_b / (double) (n_b - 1));
    d.p_value = 2 * gsl_cdf_tdist_Q(fabs(d.t), d.degrees_of_freedom);
    reach = error * gsl_cdf_tdist_Pinv(0.975, d.degrees_of_freedom);
    d.low = d.difference - reach;
    d.high = d.difference + reach;
    return d;
}
