/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/roc.h"

#include "tests/support/near.h"

/* scipy.stats.mannwhitneyu's documentation: U1 = 17 of 5 x 4 pairs. */
static void
auc_gives_scipys_mann_whitney_example(void **state)
{
    const double ages[] = { 19, 22, 16, 29, 24, 20, 11, 17, 12 };
    const int male[] = { 1, 1, 1, 1, 1, 0, 0, 0, 0 };

    assert_near(auc_of(ages, male, 9), 17.0 / 20, 1e-15);
}

/* sklearn.metrics.roc_auc_score's documentation. */
static const double scores[] = { 0.1, 0.4, 0.35, 0.8 };
static const int labels[] = { 0, 0, 1, 1 };

static void
auc_gives_sklearns_example(void **state)
{
    assert_near(auc_of(scores, labels, 4), 0.75, 1e-15);
}

static void
ties_count_half(void **state)
{
    const double same[] = { 1, 1, 1, 1 };

    assert_near(auc_of(same, labels, 4), 0.5, 0);
}

static void
finds_youdens_cut(void **state)
{
    RocCut cut;

    assert_true(roc_best_cut(scores, labels, 4, true, &cut));
    /* Above 0.6: one hit of two, no alarm; above 0.225 both hits and one alarm: J 0.5 both. */
    assert_near(cut.threshold, 0.6, 1e-12);
    assert_near(cut.sensitivity, 0.5, 0);
    assert_near(cut.specificity, 1, 0);
}

static void
finds_a_cut_for_a_wished_rate_of_false_alarms(void **state)
{
    RocCut cut;

    assert_true(roc_cut_for_false_alarms(scores, labels, 4, true, 0.5, &cut));
    assert_near(cut.sensitivity, 1, 0);
    assert_near(cut.false_alarm_ratio, 0.5, 0);
    assert_true(roc_cut_for_false_alarms(scores, labels, 4, true, 0.0, &cut));
    assert_near(cut.sensitivity, 0.5, 0);
}

static void
cuts_from_below_when_the_number_falls(void **state)
{
    const double falling[] = { 9, 8, 2, 1 };
    RocCut cut;

    assert_near(auc_of(falling, labels, 4), 0, 0);
    assert_true(roc_best_cut(falling, labels, 4, false, &cut));
    assert_near(cut.threshold, 5, 0);
    assert_near(cut.sensitivity, 1, 0);
    assert_near(cut.specificity, 1, 0);
}

static void
scores_a_cut_found_elsewhere(void **state)
{
    RocCut cut = roc_score_cut(scores, labels, 4, true, 0.38);

    assert_near(cut.sensitivity, 0.5, 0);
    assert_near(cut.false_alarm_ratio, 0.5, 0);
}

static void
the_curve_runs_from_corner_to_corner(void **state)
{
    RocPoint points[5];
    size_t n = roc_curve(scores, labels, 4, true, points);

    assert_int_equal(n, 5);
    assert_near(points[0].sensitivity + points[0].false_alarm_ratio, 0, 0);
    assert_near(points[4].sensitivity + points[4].false_alarm_ratio, 2, 0);
}

static void
refuses_one_class_and_one_value(void **state)
{
    const int ones[] = { 1, 1, 1, 1 };
    const double same[] = { 3, 3, 3, 3 };
    RocCut cut;

    assert_true(isnan(auc_of(scores, ones, 4)));
    assert_false(roc_best_cut(scores, ones, 4, true, &cut));
    assert_false(roc_best_cut(same, labels, 4, true, &cut));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(auc_gives_scipys_mann_whitney_example),
        cmocka_unit_test(auc_gives_sklearns_example),
        cmocka_unit_test(ties_count_half),
        cmocka_unit_test(finds_youdens_cut),
        cmocka_unit_test(finds_a_cut_for_a_wished_rate_of_false_alarms),
        cmocka_unit_test(cuts_from_below_when_the_number_falls),
        cmocka_unit_test(scores_a_cut_found_elsewhere),
        cmocka_unit_test(the_curve_runs_from_corner_to_corner),
        cmocka_unit_test(refuses_one_class_and_one_value),
    };

    return cmocka_run_group_tests_name("roc", tests, NULL, NULL);
}
