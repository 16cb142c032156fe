/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/auc_interval.h"

#include <glib.h>

#include "correlate/stats/roc.h"
#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

#define WINDOWS 8

static size_t
make(AucWindow *windows, size_t repeats, double apart, double visit_sd)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    size_t n = 0;

    for (size_t v = 0; v < 4 * repeats; v++) {
        double level = visit_sd * synthetic_normal(random);

        for (int i = 0; i < WINDOWS; i++)
            windows[n++] = (AucWindow){ level + synthetic_normal(random) + (v % 4 > 1) * apart,
                                        v % 4 > 1, v, v % 4 };
    }
    return n;
}

static void
the_area_is_that_of_all_pairs(void **state)
{
    AucWindow windows[4 * 5 * WINDOWS];
    double values[4 * 5 * WINDOWS];
    int labels[4 * 5 * WINDOWS];
    size_t n = make(windows, 5, 0.7, 1);
    AucInterval interval;

    for (size_t i = 0; i < n; i++) {
        windows[i].value = round(4 * windows[i].value); /* with ties */
        values[i] = windows[i].value;
        labels[i] = windows[i].label;
    }
    assert_true(auc_interval(windows, n, 200, &interval));
    assert_near(interval.auc, auc_of(values, labels, n), 1e-12);
    assert_true(interval.low < interval.auc && interval.auc < interval.high);
}

static void
visits_that_differ_make_it_wider(void **state)
{
    AucWindow windows[4 * 5 * WINDOWS];
    AucInterval alike, different;

    assert_true(auc_interval(windows, make(windows, 5, 0.7, 0), 500, &alike));
    assert_true(auc_interval(windows, make(windows, 5, 0.7, 2), 500, &different));
    assert_true(different.high - different.low > 2 * (alike.high - alike.low));
}

static void
classes_apart_are_not_sure_beyond_their_visits(void **state)
{
    AucWindow windows[4 * 5 * WINDOWS];
    AucInterval interval;

    assert_true(auc_interval(windows, make(windows, 5, 1000, 1), 200, &interval));
    assert_near(interval.auc, 1, 0);
    assert_near(interval.high, 1, 0);
    assert_true(interval.low > 0.6 && interval.low < 0.95);
    assert_true(auc_interval(windows, make(windows, 5, -1000, 1), 200, &interval));
    assert_near(interval.low, 0, 0);
    assert_true(interval.high > 0.05 && interval.high < 0.4);
}

static void
one_visit_a_level_has_no_interval(void **state)
{
    AucWindow windows[4 * WINDOWS];
    AucInterval interval;

    assert_true(auc_interval(windows, make(windows, 1, 1, 1), 200, &interval));
    assert_true(isnan(interval.low) && isnan(interval.high));
    assert_false(isnan(interval.auc));
}

static void
refuses_one_class(void **state)
{
    AucWindow windows[] = { { 1, 1, 0, 0 }, { 2, 1, 1, 0 } };
    AucInterval interval = { .auc = 7 };

    assert_false(auc_interval(windows, 2, 10, &interval));
    assert_false(auc_interval(windows, 0, 10, &interval));
    assert_near(interval.auc, 7, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_area_is_that_of_all_pairs),
        cmocka_unit_test(visits_that_differ_make_it_wider),
        cmocka_unit_test(classes_apart_are_not_sure_beyond_their_visits),
        cmocka_unit_test(one_visit_a_level_has_no_interval),
        cmocka_unit_test(refuses_one_class),
    };

    return cmocka_run_group_tests_name("auc_interval", tests, NULL, NULL);
}
