/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Straight lines through points: least squares, and Theil-Sen's that a few outliers cannot move. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    double intercept, slope;
    double slope_error; /* standard error; NAN with fewer than three points */
    double worst;       /* largest absolute residual */
} LineFit;

/*
 * Least squares (gsl_fit_linear). `weights` are relative (gsl_fit_wlinear, the error scaled by the
 * scatter about the line), NULL for equal ones. False when all x are one value or n < 2.
 */
bool line_fit(const double *x, const double *y, const double *weights, size_t n, LineFit *ret_fit);

/*
 * Theil (1950), Sen (1968): the median of the slopes of all pairs with different x, and the median
 * of y - slope * x. `slope_error` is NAN. Cost grows with n²: give at most some thousand points.
 */
bool line_theil_sen(const double *x, const double *y, size_t n, LineFit *ret_fit);
