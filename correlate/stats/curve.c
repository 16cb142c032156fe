/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/curve.h"

#include <glib.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#define GRID 60        /* places of the bend that are tried, evenly */
#define REFINEMENTS 24 /* halvings of what lies between two of them */

const char *
curve_name(CurveForm form)
{
    static const char *const names[CURVE_FORMS] = { "constant", "line",  "saturating",
                                                    "power",    "hinge", "jump" };

    return names[form];
}

/* The form's only regressor: what the slope multiplies. */
static double
regressor(CurveForm form, double x, double origin, double bend)
{
    switch (form) {
    case CURVE_CONSTANT:
        return 0;
    case CURVE_LINE:
        return x;
    case CURVE_SATURATING:
        return 1 - exp(-(x - origin) / bend);
    case CURVE_POWER:
        return pow(fmax(0, x - origin), bend);
    case CURVE_HINGE:
        return fmax(0, x - bend);
    case CURVE_JUMP:
        return x > bend;
    }
    return 0;
}

double
curve_at(const Curve *curve, double x)
{
    return curve->intercept + curve->slope * regressor(curve->form, x, curve->origin, curve->bend);
}

/* Least squares of y on one regressor; a regressor that stands still leaves a constant. */
static Curve
fit_bend(CurveForm form, const double *x, const double *y, size_t n, double origin, double bend)
{
    Curve curve = { .form = form, .bend = bend, .origin = origin };
    double sum_r = 0, sum_y = 0, rr = 0, ry = 0, yy = 0;

    for (size_t i = 0; i < n; i++) {
        sum_r += regressor(form, x[i], origin, bend);
        sum_y += y[i];
    }
    for (size_t i = 0; i < n; i++) {
        double r = regressor(form, x[i], origin, bend) - sum_r / (double) n;
        double v = y[i] - sum_y / (double) n;

        rr += r * r;
        ry += r * v;
        yy += v * v;
    }
    curve.slope = rr > 1e-12 * (1 + sum_r * sum_r) ? ry / rr : 0;
    curve.intercept = (sum_y - curve.slope * sum_r) / (double) n;
    curve.squares = fmax(0, yy - curve.slope * ry);
    return curve;
}

typedef struct {
    double lowest, highest;
    size_t levels;
} Loads;

static Loads
loads_of(const double *x, size_t n)
{
    Loads loads = { INFINITY, -INFINITY, 0 };

    for (size_t i = 0; i < n; i++) {
        bool seen = false;

        for (size_t k = 0; k < i && !seen; k++)
            seen = x[k] == x[i];
        loads.levels += !seen;
        loads.lowest = fmin(loads.lowest, x[i]);
        loads.highest = fmax(loads.highest, x[i]);
    }
    return loads;
}

/* The bend at `share` (0 to 1) of the form's range: within the loads, or by ratios. */
static double
bend_of(CurveForm form, const Loads *loads, double share)
{
    double span = loads->highest - loads->lowest;

    switch (form) {
    case CURVE_SATURATING:
        return span * 0.02 * pow(100, share); /* from a jump to all but a line */
    case CURVE_POWER:
        return 0.25 * pow(24, share); /* from a steep start to the sixth power */
    default:
        return loads->lowest + span * fmin(share, 1 - 1e-9);
    }
}

typedef struct {
    CurveForm form;
    const double *x, *y;
    size_t n;
    Loads loads;
} Search;

static Curve
fit_share(const Search *search, double share)
{
    return fit_bend(search->form, search->x, search->y, search->n, search->loads.lowest,
                    bend_of(search->form, &search->loads, share));
}

/* Between two grid points the sum of squares has one valley: thirds narrow it down. */
static Curve
refine(const Search *search, double share)
{
    double low = fmax(0, share - 1.0 / GRID), high = fmin(1, share + 1.0 / GRID);

    for (int i = 0; i < REFINEMENTS; i++) {
        double left = low + (high - low) / 3, right = high - (high - low) / 3;

        if (fit_share(search, left).squares < fit_share(search, right).squares)
            high = right;
        else
            low = left;
    }
    return fit_share(search, (low + high) / 2);
}

bool
curve_fit(CurveForm form, const double *x, const double *y, size_t n, Curve *ret_curve)
{
    static const size_t levels_needed[CURVE_FORMS] = { 1, 2, 3, 3, 3, 2 };
    const Search search = { form, x, y, n, loads_of(x, n) };
    double share = 0;
    Curve best, fine;

    if (search.loads.levels < levels_needed[form])
        return false;

    best = fit_share(&search, 0);
    for (int step = 1; form > CURVE_LINE && step < GRID; step++) {
        Curve curve = fit_share(&search, (double) step / GRID);

        if (curve.squares < best.squares) {
            best = curve;
            share = (double) step / GRID;
        }
    }
    fine = form > CURVE_LINE ? refine(&search, share) : best;
    *ret_curve = fine.squares < best.squares ? fine : best;
    return true;
}

/* A jump lies somewhere between two neighbouring loads: nothing tells where. */
static CurveKnee
knee_of_jump(const Curve *curve, const double *x, size_t n)
{
    CurveKnee knee = { .low = -INFINITY, .high = INFINITY };

    for (size_t i = 0; i < n; i++) {
        if (x[i] <= curve->bend)
            knee.low = fmax(knee.low, x[i]);
        else
            knee.high = fmin(knee.high, x[i]);
    }
    knee.at = (knee.low + knee.high) / 2;
    return knee;
}

/* Where the sum of squares crosses `limit` between a share inside the region and one outside. */
static double
crossing(const Search *search, double inside, double outside, double limit)
{
    for (int i = 0; i < REFINEMENTS; i++) {
        double middle = (inside + outside) / 2;

        if (fit_share(search, middle).squares <= limit)
            inside = middle;
        else
            outside = middle;
    }
    return bend_of(search->form, &search->loads, outside);
}

static CurveKnee
knee_of_hinge(const Curve *curve, const Search *search, double free)
{
    double limit = curve->squares * (1 + gsl_cdf_fdist_Pinv(0.95, 1, free) / free);
    CurveKnee knee = { curve->bend, curve->bend, curve->bend };
    double best =
        (curve->bend - search->loads.lowest) / (search->loads.highest - search->loads.lowest);
    double low = best, high = best;

    for (int step = 0; step <= GRID; step++) {
        double share = (double) step / GRID;

        if (fit_share(search, share).squares > limit)
            continue;
        low = fmin(low, share);
        high = fmax(high, share);
    }
    knee.low =
        low < 1.0 / GRID ? search->loads.lowest : crossing(search, low, low - 1.0 / GRID, limit);
    knee.high = high > 1 - 1.0 / GRID ? search->loads.highest
                                      : crossing(search, high, high + 1.0 / GRID, limit);
    return knee;
}

bool
curve_knee(const Curve *curve, const double *x, const double *y, size_t n, size_t taken,
           CurveKnee *ret_knee)
{
    const Search search = { CURVE_HINGE, x, y, n, loads_of(x, n) };

    if (curve->form == CURVE_JUMP)
        *ret_knee = knee_of_jump(curve, x, n);
    else if (curve->form == CURVE_HINGE && n >= 4 + taken)
        *ret_knee = knee_of_hinge(curve, &search, (double) (n - 3 - taken));
    else
        return false;
    return true;
}
