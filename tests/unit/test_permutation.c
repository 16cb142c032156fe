/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/permutation.h"

#include "tests/support/near.h"

/* All 24 orders of four values are equally likely; two of them are perfectly monotone: p = 2/24. */
static void
comes_near_the_exact_p(void **state)
{
    const double x[] = { 0, 50, 100, 150 }, y[] = { 1, 2, 3, 4 };

    assert_near(permutation_p(x, y, NULL, 4, 99999), 2.0 / 24, 0.02);
}

static void
a_clear_rise_of_many_visits_is_as_rare_as_can_be(void **state)
{
    double x[15], y[15];

    for (int i = 0; i < 15; i++)
        x[i] = y[i] = i;
    assert_near(permutation_p(x, y, NULL, 15, 9999), 1e-4, 1e-12);
}

/* Blocks that differ by far more than their visits do hide nothing: they are shuffled apart. */
static void
differences_between_blocks_do_not_hide_a_rise(void **state)
{
    double x[20], y[20];
    size_t block[20];

    for (size_t i = 0; i < 20; i++) {
        block[i] = i / 5;
        x[i] = (double) (i % 5);
        y[i] = x[i] + 1000.0 * (double) ((block[i] * 7) % 4);
    }
    assert_true(permutation_p(x, y, block, 20, 9999) < 0.001);
    assert_true(permutation_p(x, y, NULL, 20, 9999) > 0.05);
}

static void
is_the_same_every_time(void **state)
{
    const double x[] = { 0, 50, 100, 150, 200 }, y[] = { 1, 3, 2, 5, 4 };

    assert_near(permutation_p(x, y, NULL, 5, 999), permutation_p(x, y, NULL, 5, 999), 0);
}

static void
a_constant_cannot_be_tested(void **state)
{
    const double x[] = { 0, 50, 100, 150 }, y[] = { 2, 2, 2, 2 };

    assert_true(isnan(permutation_p(x, y, NULL, 4, 99)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_near_the_exact_p),
        cmocka_unit_test(a_clear_rise_of_many_visits_is_as_rare_as_can_be),
        cmocka_unit_test(differences_between_blocks_do_not_hide_a_rise),
        cmocka_unit_test(is_the_same_every_time),
        cmocka_unit_test(a_constant_cannot_be_tested),
    };

    return cmocka_run_group_tests_name("permutation", tests, NULL, NULL);
}
