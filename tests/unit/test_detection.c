/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/detection.h"

#include "tests/support/near.h"

#define BRANCH 0 /* branch_misses_per_cycle */
#define WINDOWS 10
#define NEVER WINDOWS

/* Windows of half a second, the first `quiet` of them below the threshold. */
static void
add_visit(Visits *visits, guint condition, int runnable, int quiet)
{
    Visit *visit = visits_add(visits);

    visit->condition = condition;
    visit->runnable = runnable;
    visit->pool_cpus = 2;
    visit->load_percent = 50.0 * runnable;
    visit->vp_percent = visit->load_percent - 50;
    for (int i = 0; i < WINDOWS; i++) {
        WindowValues window = { .t_seconds = 3 + 0.5 * i };

        for (size_t e = 0; e < ESTIMATOR_COUNT; e++)
            window.value[e] = NAN;
        window.value[BRANCH] = i < quiet ? 1 : 3;
        visit_add_window(visit, &window);
    }
}

static Visits *
make_visits(void)
{
    Visits *visits = visits_new();

    g_ptr_array_add(visits->conditions, g_strdup("noisy"));
    g_ptr_array_add(visits->conditions, g_strdup("control-hog"));
    return visits;
}

static EvaluationRow
make_row(int condition)
{
    return (EvaluationRow){ .estimator = estimator_list[BRANCH],
                            .condition_index = condition,
                            .truth = TRUTH_VP,
                            .above = true,
                            .threshold = 2 };
}

static void
is_the_median_over_overcommitted_visits(void **state)
{
    g_autoptr(Visits) visits = make_visits();
    EvaluationRow row = make_row(0);

    add_visit(visits, 0, 1, 0); /* not overcommitted: a false alarm is no detection */
    add_visit(visits, 0, 5, 0);
    add_visit(visits, 0, 5, 3);
    add_visit(visits, 0, 5, 8);
    assert_near(detection_delay_seconds(visits, &row), 4 * 0.5, 1e-9);
}

static void
a_visit_that_is_never_found_out_takes_longest(void **state)
{
    g_autoptr(Visits) visits = make_visits();
    EvaluationRow row = make_row(0);

    add_visit(visits, 0, 5, 1);
    add_visit(visits, 0, 5, 3);
    add_visit(visits, 0, 5, NEVER);
    assert_near(detection_delay_seconds(visits, &row), 4 * 0.5, 1e-9);
    add_visit(visits, 0, 5, NEVER);
    assert_true(isnan(detection_delay_seconds(visits, &row)));
}

static void
looks_below_where_overcommit_is_below(void **state)
{
    g_autoptr(Visits) visits = make_visits();
    EvaluationRow row = make_row(0);

    row.above = false;
    add_visit(visits, 0, 5, 3);
    assert_near(detection_delay_seconds(visits, &row), 0.5, 1e-9);
}

static void
pooled_leaves_controls_out(void **state)
{
    g_autoptr(Visits) visits = make_visits();
    EvaluationRow row = make_row(-1);

    add_visit(visits, 0, 5, 2);
    add_visit(visits, 1, 5, NEVER);
    assert_near(detection_delay_seconds(visits, &row), 3 * 0.5, 1e-9);
}

static void
needs_a_threshold_and_something_to_find(void **state)
{
    g_autoptr(Visits) visits = make_visits();
    EvaluationRow row = make_row(0);

    add_visit(visits, 0, 1, 0);
    assert_true(isnan(detection_delay_seconds(visits, &row)));
    add_visit(visits, 0, 5, 0);
    assert_false(isnan(detection_delay_seconds(visits, &row)));
    row.threshold = NAN;
    assert_true(isnan(detection_delay_seconds(visits, &row)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_median_over_overcommitted_visits),
        cmocka_unit_test(a_visit_that_is_never_found_out_takes_longest),
        cmocka_unit_test(looks_below_where_overcommit_is_below),
        cmocka_unit_test(pooled_leaves_controls_out),
        cmocka_unit_test(needs_a_threshold_and_something_to_find),
    };

    return cmocka_run_group_tests_name("detection", tests, NULL, NULL);
}
