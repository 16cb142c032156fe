/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/agreement.h"

#include <glib.h>

#include "tests/support/near.h"

/* Bland and Altman, Lancet 1986: peak flow of 17 people, large and mini meter, first readings. They
 * print a mean difference of -2.1 l/min, a standard deviation of 38.8. */
static void
gives_bland_and_altmans_example(void **state)
{
    static const double wright[] = { 494, 395, 516, 434, 476, 557, 413, 442, 650,
                                     433, 417, 656, 267, 478, 178, 423, 427 };
    static const double mini[] = { 512, 430, 520, 428, 500, 600, 364, 380, 658,
                                   445, 432, 626, 260, 477, 259, 350, 451 };
    Agreement agreement = { 0 };
    AgreementLimits limits;

    for (size_t i = 0; i < G_N_ELEMENTS(wright); i++)
        agreement_add(&agreement, wright[i] - mini[i]);
    limits = agreement_limits(&agreement);
    assert_near(limits.bias, -2.1, 0.05);
    assert_near(limits.deviation, 38.8, 0.05);
    assert_near(limits.low, -2.1 - 1.96 * 38.8, 0.1);
    assert_near(limits.high, -2.1 + 1.96 * 38.8, 0.1);
}

static void
percentages_are_of_the_mean_of_both(void **state)
{
    assert_near(agreement_percent(110, 90), 20, 1e-12);
    assert_near(agreement_percent(0, 0), 0, 0);
    assert_near(agreement_percent(1, 0), 200, 1e-12);
}

static void
one_difference_has_no_limits(void **state)
{
    Agreement agreement = { 0 };

    assert_true(isnan(agreement_limits(&agreement).bias));
    agreement_add(&agreement, 3);
    assert_near(agreement_limits(&agreement).bias, 3, 0);
    assert_true(isnan(agreement_limits(&agreement).low));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_bland_and_altmans_example),
        cmocka_unit_test(percentages_are_of_the_mean_of_both),
        cmocka_unit_test(one_difference_has_no_limits),
    };

    return cmocka_run_group_tests_name("agreement", tests, NULL, NULL);
}
