/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/line.h"

#include <glib.h>
#include <gsl/gsl_fit.h>
#include <math.h>

#include "correlate/stats/quantile.h"

static double
worst_residual(const double *x, const double *y, size_t n, const LineFit *fit)
{
    double worst = 0;

    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs(y[i] - fit->intercept - fit->slope * x[i]));
    return worst;
}

bool
line_fit(const double *x, const double *y, const double *weights, size_t n, LineFit *ret_fit)
{
    double cov00, cov01, cov11, sumsq;
    LineFit fit;

    if (n < 2)
        return false;
    if (weights) {
        gsl_fit_wlinear(x, 1, weights, 1, y, 1, n, &fit.intercept, &fit.slope, &cov00, &cov01,
                        &cov11, &sumsq);
        cov11 *= sumsq / (double) (n - 2); /* the weights are not known as inverse variances */
    } else {
        gsl_fit_linear(x, 1, y, 1, n, &fit.intercept, &fit.slope, &cov00, &cov01, &cov11, &sumsq);
    }
    if (!isfinite(fit.slope) || !isfinite(fit.intercept))
        return false;

    fit.slope_error = n > 2 ? sqrt(cov11) : NAN;
    fit.worst = worst_residual(x, y, n, &fit);
    *ret_fit = fit;
    return true;
}

bool
line_theil_sen(const double *x, const double *y, size_t n, LineFit *ret_fit)
{
    g_autofree double *slopes = g_new(double, n *(n - (n > 0)) / 2 + 1);
    g_autofree double *intercepts = g_new(double, n + 1);
    LineFit fit = { .slope_error = NAN };
    size_t n_slopes = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            if (x[i] != x[j])
                slopes[n_slopes++] = (y[j] - y[i]) / (x[j] - x[i]);
    if (n_slopes == 0)
        return false;

    fit.slope = median_of(slopes, n_slopes);
    for (size_t i = 0; i < n; i++)
        intercepts[i] = y[i] - fit.slope * x[i];
    fit.intercept = median_of(intercepts, n);
    fit.worst = worst_residual(x, y, n, &fit);
    *ret_fit = fit;
    return true;
}
