/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/association.h"

#include <glib.h>

#include "tests/support/near.h"

/* scipy.stats.pearsonr's documentation. */
static void
pearson_gives_scipys_example(void **state)
{
    const double x[] = { 1, 2, 3, 4, 5, 6, 7 }, y[] = { 10, 9, 2.5, 6, 4, 3, 2 };

    assert_near(pearson(x, y, 7), -0.828503883588428, 1e-14);
}

/* scipy.stats.spearmanr's documentation; 7 is there twice. */
static void
spearman_gives_scipys_example_with_ties(void **state)
{
    const double x[] = { 1, 2, 3, 4, 5 }, y[] = { 5, 6, 7, 8, 7 };

    assert_near(spearman(x, y, 5), 0.82078268166812329, 1e-14);
}

/* scipy.stats.rankdata([0, 2, 3, 2]) in its documentation. */
static void
ties_share_their_mean_rank(void **state)
{
    const double values[] = { 0, 2, 3, 2 }, want[] = { 1, 2.5, 4, 2.5 };
    double ranks[4];

    rank_of(values, 4, ranks);
    for (int i = 0; i < 4; i++)
        assert_near(ranks[i], want[i], 0);
}

static void
a_constant_side_has_no_correlation(void **state)
{
    const double x[] = { 1, 2, 3, 4 }, y[] = { 5, 5, 5, 5 };

    assert_true(isnan(pearson(x, y, 4)));
    assert_true(isnan(spearman(x, y, 4)));
    assert_true(isnan(pearson(x, x, 2)));
}

/* Two groups far apart, each falling inside: pooled it looks like a rise. */
static void
within_groups_sees_through_differences_between_them(void **state)
{
    double x[20], y[20];
    size_t group[20];

    for (int i = 0; i < 20; i++) {
        group[i] = (size_t) i / 10;
        x[i] = 100.0 * (double) group[i] + i % 10;
        y[i] = 100.0 * (double) group[i] - i % 10 + (i % 3) * 0.1;
    }
    assert_true(pearson(x, y, 20) > 0.9);
    assert_true(association_within(pearson, x, y, group, 20) < -0.9);
    assert_true(association_within(spearman, x, y, group, 20) < -0.9);
}

static void
small_groups_say_nothing(void **state)
{
    const double x[] = { 1, 2, 3, 4 };
    const size_t group[] = { 0, 0, 1, 1 };

    assert_true(isnan(association_within(pearson, x, x, group, 4)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pearson_gives_scipys_example),
        cmocka_unit_test(spearman_gives_scipys_example_with_ties),
        cmocka_unit_test(ties_share_their_mean_rank),
        cmocka_unit_test(a_constant_side_has_no_correlation),
        cmocka_unit_test(within_groups_sees_through_differences_between_them),
        cmocka_unit_test(small_groups_say_nothing),
    };

    return cmocka_run_group_tests_name("association", tests, NULL, NULL);
}
