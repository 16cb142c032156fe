/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/line.h"

#include "tests/support/near.h"

/* The GSL manual's example program of gsl_fit_wlinear: Y = -106.6 + 0.06 X. */
static void
weighted_fit_gives_the_gsl_manuals_example(void **state)
{
    const double x[] = { 1970, 1980, 1990, 2000 }, y[] = { 12, 11, 14, 13 };
    const double weights[] = { 0.1, 0.2, 0.3, 0.4 };
    LineFit fit;

    assert_true(line_fit(x, y, weights, 4, &fit));
    assert_near(fit.intercept, -106.6, 1e-9);
    assert_near(fit.slope, 0.06, 1e-12);
    /* The manual's cov11 0.01 and sumsq 0.8, scaled by the scatter. */
    assert_near(fit.slope_error, sqrt(0.01 * 0.8 / 2), 1e-9);
}

/* Sen (1968), page 1384, as in scipy's tests of theilslopes; the intercept is its method "joint".
 */
static void
theil_sen_gives_sens_example(void **state)
{
    const double x[] = { 1, 2, 3, 4, 10, 12, 18 }, y[] = { 9, 15, 19, 20, 45, 55, 78 };
    LineFit fit;

    assert_true(line_theil_sen(x, y, 7, &fit));
    assert_near(fit.slope, 4, 1e-12);
    assert_near(fit.intercept, 6, 1e-12);
}

static void
theil_sen_is_not_moved_by_an_outlier(void **state)
{
    double x[21], y[21];
    LineFit robust, least;

    for (int i = 0; i < 21; i++) {
        x[i] = i;
        y[i] = 3 + 2.0 * i;
    }
    y[20] = 1e6;
    assert_true(line_theil_sen(x, y, 21, &robust));
    assert_true(line_fit(x, y, NULL, 21, &least));
    assert_near(robust.slope, 2, 1e-9);
    assert_true(least.slope > 100);
}

static void
refuses_what_is_no_line(void **state)
{
    const double x[] = { 2, 2, 2 }, y[] = { 1, 2, 3 };
    LineFit fit = { .slope = 7 };

    assert_false(line_fit(x, y, NULL, 3, &fit));
    assert_false(line_theil_sen(x, y, 3, &fit));
    assert_false(line_fit(x, y, NULL, 1, &fit));
    assert_false(line_theil_sen(x, y, 0, &fit));
    assert_near(fit.slope, 7, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weighted_fit_gives_the_gsl_manuals_example),
        cmocka_unit_test(theil_sen_gives_sens_example),
        cmocka_unit_test(theil_sen_is_not_moved_by_an_outlier),
        cmocka_unit_test(refuses_what_is_no_line),
    };

    return cmocka_run_group_tests_name("line", tests, NULL, NULL);
}
