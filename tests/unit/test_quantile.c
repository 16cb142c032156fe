/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/quantile.h"

#include "tests/support/near.h"

/* The GSL manual's example programs of its statistics chapter. */
static void
gives_the_gsl_manuals_example(void **state)
{
    double data[] = { 17.2, 18.1, 16.5, 18.3, 12.6 };

    assert_near(mean_of(data, 5), 16.54, 1e-12);
    assert_near(deviation_of(data, 5) * deviation_of(data, 5), 5.373, 1e-12);
    assert_near(median_of(data, 5), 17.2, 1e-12);
    assert_near(quantile_of(data, 5, 0.75), 18.1, 1e-12);
    assert_near(quantile_of(data, 5, 0.25), 16.5, 1e-12);
}

/* R: quantile(c(1, 2, 3, 4), 0.4) is 2.2 with its default type 7. */
static void
interpolates_as_r_does(void **state)
{
    double data[] = { 4, 1, 3, 2 };

    assert_near(quantile_of(data, 4, 0.4), 2.2, 1e-12);
}

static void
nothing_has_no_quantile(void **state)
{
    double none[1];

    assert_true(isnan(median_of(none, 0)));
    assert_true(isnan(mean_of(none, 0)));
    assert_true(isnan(deviation_of(none, 1)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_gsl_manuals_example),
        cmocka_unit_test(interpolates_as_r_does),
        cmocka_unit_test(nothing_has_no_quantile),
    };

    return cmocka_run_group_tests_name("quantile", tests, NULL, NULL);
}
