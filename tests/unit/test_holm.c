/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/holm.h"

#include "tests/support/near.h"

/* R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm"). */
static void
gives_rs_example(void **state)
{
    double p[] = { 0.01, 0.04, 0.03, 0.005 };
    const double want[] = { 0.03, 0.06, 0.06, 0.02 };

    holm_adjust(p, 4);
    for (int i = 0; i < 4; i++)
        assert_near(p[i], want[i], 1e-15);
}

static void
what_was_not_tested_does_not_count(void **state)
{
    double p[] = { NAN, 0.02, NAN, 0.9 };

    holm_adjust(p, 4);
    assert_true(isnan(p[0]) && isnan(p[2]));
    assert_near(p[1], 0.04, 1e-15);
    assert_near(p[3], 0.9, 1e-15);
}

static void
never_above_one(void **state)
{
    double p[] = { 0.6, 0.7 };

    holm_adjust(p, 2);
    assert_near(p[0], 1, 0);
    assert_near(p[1], 1, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_rs_example),
        cmocka_unit_test(what_was_not_tested_does_not_count),
        cmocka_unit_test(never_above_one),
    };

    return cmocka_run_group_tests_name("holm", tests, NULL, NULL);
}
