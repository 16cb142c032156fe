/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/shape.h"

#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

#define STEPS 5
#define REPEATS 5

static ShapeVerdict
judge(SyntheticShape shape, double effect, double sd, guint repeats)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    SyntheticPlan plan = synthetic_plan_default;
    ShapePoint points[STEPS * REPEATS];
    size_t n = 0;

    plan.shape = shape;
    plan.effect = effect;
    for (guint r = 0; r < repeats; r++)
        for (int s = 0; s < STEPS; s++)
            points[n++] = (ShapePoint){
                50.0 * s, synthetic_value(&plan, 50.0 * s) * (1 + sd * synthetic_normal(random)), r
            };
    return shape_judge(points, n);
}

static void
each_shape_is_called_by_its_name(void **state)
{
    assert_int_equal(judge(SYNTHETIC_HINGE, 0.6, 0.01, 5).shape, SHAPE_THRESHOLD);
    assert_int_equal(judge(SYNTHETIC_JUMP, 0.6, 0.01, 5).shape, SHAPE_THRESHOLD);
    assert_int_equal(judge(SYNTHETIC_LINE, 0.6, 0.01, 5).shape, SHAPE_RISES);
    assert_int_equal(judge(SYNTHETIC_LINE, -0.6, 0.01, 5).shape, SHAPE_FALLS);
    assert_int_equal(judge(SYNTHETIC_SATURATING, 0.6, 0.01, 5).shape, SHAPE_RISES);
    assert_int_equal(judge(SYNTHETIC_FLAT, 0, 0.01, 5).shape, SHAPE_NONE);
}

static void
a_threshold_has_a_knee_where_it_was_planted(void **state)
{
    ShapeVerdict verdict = judge(SYNTHETIC_HINGE, 0.6, 0.01, 5);

    assert_true(verdict.has_knee);
    assert_true(verdict.knee.low <= 100 && verdict.knee.high >= 100);
    assert_true(verdict.knee.high - verdict.knee.low < 20);
    assert_true(verdict.advantage > 1);
    assert_false(judge(SYNTHETIC_LINE, 0.6, 0.01, 5).has_knee);
}

static void
noise_that_could_hide_a_rise_is_undecided(void **state)
{
    assert_int_equal(judge(SYNTHETIC_FLAT, 0, 0.3, 5).shape, SHAPE_UNDECIDED);
}

static void
too_few_repeats_decide_nothing(void **state)
{
    ShapeVerdict verdict = judge(SYNTHETIC_HINGE, 0.6, 0.001, 2);

    assert_int_equal(verdict.shape, SHAPE_UNDECIDED);
    assert_true(isnan(verdict.p_value));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_shape_is_called_by_its_name),
        cmocka_unit_test(a_threshold_has_a_knee_where_it_was_planted),
        cmocka_unit_test(noise_that_could_hide_a_rise_is_undecided),
        cmocka_unit_test(too_few_repeats_decide_nothing),
    };

    return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
