/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How often something is found where there is nothing: 400 seeds each, fixed; all figures printed.
 */
#include <math.h>

#include "correlate/stats/auc_interval.h"
#include "correlate/stats/shape.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/synthetic_run.h"

#define SEEDS 400
#define REPEATS 5
#define WINDOWS 10

static const double loads[] = { 0, 50, 100, 150, 200 };
static const double ladder[] = { 0, 25, 50, 75, 100, 125, 150, 175, 200 };

typedef struct {
    int times[5]; /* by Shape */
} Tally;

/* Visit means of a plan's shape; visits differ by visit_sd, whole repeats by repeat_sd. */
static Tally
judge_runs(const SyntheticPlan *plan, const double *steps, size_t n_steps, double repeat_sd)
{
    Tally tally = { { 0 } };

    for (guint32 seed = 1; seed <= SEEDS; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        ShapePoint points[REPEATS * G_N_ELEMENTS(ladder)];
        size_t n = 0;

        for (size_t r = 0; r < REPEATS; r++) {
            double repeat = repeat_sd * synthetic_normal(random);

            for (size_t i = 0; i < n_steps; i++)
                points[n++] =
                    (ShapePoint){ steps[i],
                                  synthetic_value(plan, steps[i]) *
                                      (1 + repeat + plan->visit_sd * synthetic_normal(random)),
                                  r };
        }
        tally.times[shape_judge(points, n).shape]++;
    }
    print_message(
        "shape %d, effect %.2f, visits differ %.2f, repeats differ %.2f, %zu steps: threshold %d, "
        "rises %d, falls %d, none %d, undecided %d of %d\n",
        plan->shape, plan->effect, plan->visit_sd, repeat_sd, n_steps, tally.times[0],
        tally.times[1], tally.times[2], tally.times[3], tally.times[4], SEEDS);
    return tally;
}

static void
null_runs_are_called_none_or_undecided(void **state)
{
    static const double sds[] = { 0.02, 0.1 };
    SyntheticPlan plan = synthetic_plan_default;

    plan.shape = SYNTHETIC_FLAT;
    for (size_t i = 0; i < G_N_ELEMENTS(sds); i++) {
        plan.visit_sd = sds[i];
        for (int different = 0; different < 2; different++) {
            Tally five = judge_runs(&plan, loads, G_N_ELEMENTS(loads), different * 0.05);
            Tally nine = judge_runs(&plan, ladder, G_N_ELEMENTS(ladder), different * 0.05);

            assert_true(five.times[SHAPE_NONE] + five.times[SHAPE_UNDECIDED] >= SEEDS - 31);
            assert_true(nine.times[SHAPE_NONE] + nine.times[SHAPE_UNDECIDED] >= SEEDS - 31);
        }
    }
}

/* From hardly any noise to a rise that can hardly be seen. */
static void
a_smooth_saturating_rise_is_rarely_called_a_threshold(void **state)
{
    static const double sds[] = { 0.02, 0.05, 0.1, 0.15, 0.2 };
    SyntheticPlan plan = synthetic_plan_default;

    plan.shape = SYNTHETIC_SATURATING;
    plan.effect = 0.3;
    for (size_t i = 0; i < G_N_ELEMENTS(sds); i++) {
        plan.visit_sd = sds[i];
        assert_true(judge_runs(&plan, loads, G_N_ELEMENTS(loads), 0.03).times[SHAPE_THRESHOLD] <=
                    31);
        assert_true(judge_runs(&plan, ladder, G_N_ELEMENTS(ladder), 0.03).times[SHAPE_THRESHOLD] <=
                    31);
    }
}

static void
a_straight_rise_is_rarely_called_a_threshold(void **state)
{
    static const double sds[] = { 0.02, 0.1 };
    SyntheticPlan plan = synthetic_plan_default;

    plan.shape = SYNTHETIC_LINE;
    plan.effect = 0.3;
    for (size_t i = 0; i < G_N_ELEMENTS(sds); i++) {
        plan.visit_sd = sds[i];
        assert_true(judge_runs(&plan, ladder, G_N_ELEMENTS(ladder), 0).times[SHAPE_THRESHOLD] <=
                    31);
    }
}

/* It can say yes, too. */
static void
clear_knees_and_jumps_are_called_thresholds(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;

    plan.visit_sd = 0.02;
    assert_true(judge_runs(&plan, loads, G_N_ELEMENTS(loads), 0.03).times[SHAPE_THRESHOLD] >= 380);
    plan.shape = SYNTHETIC_JUMP;
    assert_true(judge_runs(&plan, loads, G_N_ELEMENTS(loads), 0.03).times[SHAPE_THRESHOLD] >= 380);
}

/* Null runs: visits differ twice as much as windows do, load changes nothing. `alone`: each window
 * is taken for a visit of its own, in one level a class. */
static int
exclusions_of_one_half(bool alone)
{
    int excluded = 0;

    for (guint32 seed = 1; seed <= SEEDS; seed++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(seed);
        AucWindow windows[4 * REPEATS * WINDOWS];
        AucInterval interval;
        size_t n = 0;

        for (size_t v = 0; v < 4 * REPEATS; v++) {
            double level = 2 * synthetic_normal(random);

            for (int i = 0; i < WINDOWS; i++, n++)
                windows[n] = (AucWindow){ level + synthetic_normal(random), v % 4 > 1,
                                          alone ? n : v, alone ? v % 4 > 1 : v % 4 };
        }
        assert_true(auc_interval(windows, n, 500, &interval));
        excluded += interval.low > 0.5 || interval.high < 0.5;
    }
    return excluded;
}

static void
intervals_of_null_runs_hold_one_half(void **state)
{
    int excluded = exclusions_of_one_half(false);

    print_message("null runs: the interval excludes AUC 0.5 in %d of %d\n", excluded, SEEDS);
    assert_true(excluded <= 36);
}

/* The mistake that the visit as the unit avoids. */
static void
intervals_over_windows_are_wrong_in_half_of_null_runs(void **state)
{
    int excluded = exclusions_of_one_half(true);

    print_message(
        "null runs: an interval that takes windows for independent excludes 0.5 in %d of %d\n",
        excluded, SEEDS);
    assert_true(excluded >= 0.4 * SEEDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_runs_are_called_none_or_undecided),
        cmocka_unit_test(a_smooth_saturating_rise_is_rarely_called_a_threshold),
        cmocka_unit_test(a_straight_rise_is_rarely_called_a_threshold),
        cmocka_unit_test(clear_knees_and_jumps_are_called_thresholds),
        cmocka_unit_test(intervals_of_null_runs_hold_one_half),
        cmocka_unit_test(intervals_over_windows_are_wrong_in_half_of_null_runs),
    };

    return cmocka_run_group_tests_name("null_runs", tests, NULL, NULL);
}
