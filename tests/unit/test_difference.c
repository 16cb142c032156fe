/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/difference.h"

#include "tests/support/near.h"

/* R: t.test(extra ~ group, data = sleep), Student's sleep data: t = -1.8608, df = 17.776, p-value =
 * 0.07939, 95 percent confidence interval -3.3654832 to 0.2054832 for group 1 minus group 2. */
static void
gives_rs_example_of_the_sleep_data(void **state)
{
    const double first[] = { 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0 };
    const double second[] = { 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4 };
    Difference d = difference_of_means(second, 10, first, 10);

    assert_near(d.difference, 0.75 - 2.33, 1e-12);
    assert_near(d.t, -1.8608, 5e-5);
    assert_near(d.degrees_of_freedom, 17.776, 5e-4);
    assert_near(d.p_value, 0.07939, 5e-6);
    assert_near(d.low, -3.3654832, 5e-8);
    assert_near(d.high, 0.2054832, 5e-8);
}

static void
one_value_has_a_difference_and_no_interval(void **state)
{
    const double a[] = { 1 }, b[] = { 3, 4 };
    Difference d = difference_of_means(a, 1, b, 2);

    assert_near(d.difference, 2.5, 0);
    assert_true(isnan(d.low) && isnan(d.p_value));
}

static void
nothing_has_no_difference(void **state)
{
    const double a[] = { 1 };

    assert_true(isnan(difference_of_means(a, 1, a, 0).difference));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_rs_example_of_the_sleep_data),
        cmocka_unit_test(one_value_has_a_difference_and_no_interval),
        cmocka_unit_test(nothing_has_no_difference),
    };

    return cmocka_run_group_tests_name("difference", tests, NULL, NULL);
}
