/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/estimate/estimator.h"

#include <glib.h>
#include <string.h>

#include "tests/support/near.h"

/* One second of a guest whose every ratio is known. */
static const GuestView planted = {
    .seconds = 2,
    .count = { [GUEST_CYCLES] = 2e9,
               [GUEST_INSTRUCTIONS] = 1e9,
               [GUEST_BRANCHES] = 2e8,
               [GUEST_BRANCH_MISSES] = 3e6,
               [GUEST_CACHE_MISSES] = 1e6,
               [GUEST_STEAL_NS] = 5e8,
               [GUEST_BUSY_NS] = 15e8,
               [GUEST_CANARY_BRANCHES] = 1e5,
               [GUEST_CANARY_MISSES] = 2e3 },
};

static const struct {
    const char *name;
    double want;
} truths[] = {
    { "branch_misses_per_cycle", 15 },
    { "cache_misses_per_cycle", 5 },
    { "branch_miss_rate", 0.015 },
    { "cpi", 2 },
    { "branch_mpki", 3 },
    { "cache_mpki", 1 },
    { "cycles_per_second", 1e9 },
    { "steal_share", 0.25 },
    { "canary_miss_rate", 0.02 },
};

static void
each_recovers_planted_truth(void **state)
{
    assert_int_equal(G_N_ELEMENTS(truths), ESTIMATOR_COUNT);
    for (guint i = 0; i < ESTIMATOR_COUNT; i++) {
        const Estimator *estimator = estimator_find(truths[i].name);

        assert_non_null(estimator);
        assert_int_equal(estimator_index(estimator), i);
        assert_near(estimator_value(estimator, &planted), truths[i].want, 1e-12 * truths[i].want);
    }
}

/* Noise of 1 % on each count moves no estimator by more than the counts' own noise added up. */
static void
each_survives_noise(void **state)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (guint i = 0; i < ESTIMATOR_COUNT; i++) {
        double sum = 0;

        for (int n = 0; n < 2000; n++) {
            GuestView noisy = planted;

            for (int f = 0; f < GUEST_FIELDS; f++)
                noisy.count[f] *= 1 + 0.02 * (g_rand_double(random) - 0.5);
            sum += estimator_value(estimator_list[i], &noisy);
        }
        assert_near(sum / 2000, truths[i].want, 0.002 * truths[i].want);
    }
}

static void
each_refuses_without_what_it_needs(void **state)
{
    for (guint i = 0; i < ESTIMATOR_COUNT; i++) {
        for (int f = 0; f < GUEST_FIELDS; f++) {
            GuestView lacking = planted;

            lacking.count[f] = NAN;
            if (estimator_list[i]->needs & 1u << f) {
                assert_true(isnan(estimator_value(estimator_list[i], &lacking)));
                assert_string_equal(estimator_missing(estimator_list[i], &lacking),
                                    guest_field_columns[f]);
            } else {
                assert_near(estimator_value(estimator_list[i], &lacking), truths[i].want,
                            1e-12 * truths[i].want);
            }
        }
    }
}

static void
nothing_is_divided_by_zero(void **state)
{
    const GuestView idle = { .seconds = 0 };

    for (guint i = 0; i < ESTIMATOR_COUNT; i++)
        assert_true(isnan(estimator_value(estimator_list[i], &idle)));
}

static void
an_unknown_name_finds_nothing(void **state)
{
    assert_null(estimator_find("host_cycles"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_recovers_planted_truth),
        cmocka_unit_test(each_survives_noise),
        cmocka_unit_test(each_refuses_without_what_it_needs),
        cmocka_unit_test(nothing_is_divided_by_zero),
        cmocka_unit_test(an_unknown_name_finds_nothing),
    };

    return cmocka_run_group_tests_name("estimator", tests, NULL, NULL);
}
