/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/lag.h"

#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

static LagSweep
sweep_of(int shift, double noise)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(3);
    double series[80], guest[60], host[60];
    LagSweep sweep = { { 0 } };

    for (int i = 0; i < 80; i++)
        series[i] = synthetic_normal(random);
    for (int i = 0; i < 60; i++) {
        guest[i] = series[i + 10] + noise * synthetic_normal(random);
        host[i] = series[i + 10 - shift];
    }
    lag_sweep_add(&sweep, guest, host, 60);
    return sweep;
}

static void
finds_how_far_the_views_are_shifted(void **state)
{
    for (int shift = -LAG_REACH; shift <= LAG_REACH; shift++) {
        LagSweep sweep = sweep_of(shift, 0.3);

        assert_int_equal(lag_sweep_peak(&sweep), shift);
        assert_true(lag_sweep_is_off(&sweep) == (shift < -1 || shift > 1));
    }
}

static void
a_load_that_never_changes_says_nothing(void **state)
{
    const double same[] = { 5, 5, 5, 5, 5, 5, 5, 5, 5, 5 };
    LagSweep sweep = { { 0 } };

    lag_sweep_add(&sweep, same, same, 10);
    assert_true(isnan(lag_sweep_at(&sweep, 0)));
    assert_int_equal(lag_sweep_peak(&sweep), 0);
    assert_false(lag_sweep_is_off(&sweep));
}

/* A ladder of loads correlates at every lag if visits are not taken apart. */
static void
differences_between_visits_do_not_count(void **state)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(9);
    LagSweep sweep = { { 0 } };

    for (int visit = 0; visit < 6; visit++) {
        double guest[12], host[12];

        for (int i = 0; i < 12; i++) {
            guest[i] = 1000 * visit + synthetic_normal(random);
            host[i] = 1000 * visit + synthetic_normal(random);
        }
        lag_sweep_add(&sweep, guest, host, 12);
    }
    assert_true(fabs(lag_sweep_at(&sweep, 0)) < 0.6);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_how_far_the_views_are_shifted),
        cmocka_unit_test(a_load_that_never_changes_says_nothing),
        cmocka_unit_test(differences_between_visits_do_not_count),
    };

    return cmocka_run_group_tests_name("lag", tests, NULL, NULL);
}
