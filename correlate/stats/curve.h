/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The forms that visit means may follow against load, each fitted by least squares: the place of
 * the bend is searched on a grid, the rest is linear.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    CURVE_CONSTANT,
    CURVE_LINE,       /* a + b x */
    CURVE_SATURATING, /* a + b (1 - exp(-(x - x0) / bend)): rises ever slower */
    CURVE_POWER,      /* a + b (x - x0) ^ bend: rises ever faster (bend > 1), smoothly */
    CURVE_HINGE,      /* a + b max(0, x - bend): flat, then a line */
    CURVE_JUMP,       /* a + b [x > bend] */
} CurveForm;
#define CURVE_FORMS 6

typedef struct {
    CurveForm form;
    double intercept, slope; /* a, b */
    double bend;             /* what the form says of it; unused by constant and line */
    double origin;           /* x0: the lowest load of the fit */
    double squares;          /* sum of squared residuals */
} Curve;

/* False when there are fewer points or loads than the form needs. */
bool curve_fit(CurveForm form, const double *x, const double *y, size_t n, Curve *ret_curve);

double curve_at(const Curve *curve, double x);

/* "constant", "line", … */
const char *curve_name(CurveForm form);

/*
 * Where a hinge bends, with its 95 % interval: the bends whose sum of squares stays below
 * best * (1 + F(0.95; 1, n - 3) / (n - 3)), the likelihood-ratio region of nonlinear regression
 * (Seber and Wild 1989, section 5.2) in which each point is one visit. An end that the data do not
 * bound is the lowest or highest load. For a jump: the loads on both sides of it.
 */
typedef struct {
    double at, low, high;
} CurveKnee;
bool curve_knee(const Curve *curve, const double *x, const double *y, size_t n, size_t taken,
                CurveKnee *ret_knee);
