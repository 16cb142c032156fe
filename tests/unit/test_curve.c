/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/curve.h"

#include <glib.h>

#include "tests/support/near.h"

static const double loads[] = { 0, 25, 50, 75, 100, 125, 150, 175, 200 };
#define N G_N_ELEMENTS(loads)

/* Each form finds its own parameters again, and no other form fits it as well. */
static void
each_form_recovers_itself(void **state)
{
    const Curve planted[] = {
        { CURVE_LINE, 15, 0.03, .bend = 0 },  { CURVE_SATURATING, 15, 6, .bend = 60 },
        { CURVE_POWER, 15, 1e-4, .bend = 2 }, { CURVE_HINGE, 15, 0.08, .bend = 110 },
        { CURVE_JUMP, 15, 6, .bend = 110 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(planted); i++) {
        double y[N];
        Curve fit;

        for (size_t k = 0; k < N; k++)
            y[k] = curve_at(&planted[i], loads[k]);
        assert_true(curve_fit(planted[i].form, loads, y, N, &fit));
        assert_near(fit.squares, 0, 1e-6);
        for (size_t k = 0; k < N; k++)
            assert_near(curve_at(&fit, loads[k]), y[k], 1e-3);
        if (planted[i].form == CURVE_HINGE)
            assert_near(fit.bend, 110, 1e-3);
    }
}

static void
a_hinge_nests_the_line(void **state)
{
    double y[N];
    Curve hinge;

    for (size_t k = 0; k < N; k++)
        y[k] = 3 + 0.5 * loads[k];
    assert_true(curve_fit(CURVE_HINGE, loads, y, N, &hinge));
    assert_near(hinge.squares, 0, 1e-6);
    assert_near(hinge.bend, 0, 1e-3);
}

static void
the_knee_of_a_jump_is_between_two_loads(void **state)
{
    double y[N];
    Curve jump;
    CurveKnee knee;

    for (size_t k = 0; k < N; k++)
        y[k] = loads[k] > 100;
    assert_true(curve_fit(CURVE_JUMP, loads, y, N, &jump));
    assert_true(curve_knee(&jump, loads, y, N, 0, &knee));
    assert_near(knee.low, 100, 0);
    assert_near(knee.high, 125, 0);
    assert_near(knee.at, 112.5, 0);
}

static void
a_noisier_knee_has_a_wider_interval(void **state)
{
    double widths[2];

    for (int i = 0; i < 2; i++) {
        double x[3 * N], y[3 * N];
        Curve hinge;
        CurveKnee knee;

        for (size_t k = 0; k < 3 * N; k++) {
            x[k] = loads[k % N];
            y[k] = 15 + 0.08 * fmax(0, x[k] - 100) +
                   (i ? 0.5 : 0.05) * sin(12.9898 * (double) (k + 1) * (double) (k + 3));
        }
        assert_true(curve_fit(CURVE_HINGE, x, y, 3 * N, &hinge));
        assert_true(curve_knee(&hinge, x, y, 3 * N, 0, &knee));
        assert_true(knee.low <= knee.at && knee.at <= knee.high);
        assert_true(knee.low < 110 && knee.high > 90);
        widths[i] = knee.high - knee.low;
    }
    assert_true(widths[1] > 3 * widths[0]);
}

static void
refuses_too_few_loads(void **state)
{
    const double x[] = { 0, 0, 100 }, y[] = { 1, 2, 3 };
    Curve fit;

    assert_false(curve_fit(CURVE_HINGE, x, y, 3, &fit));
    assert_true(curve_fit(CURVE_LINE, x, y, 3, &fit));
    assert_false(curve_fit(CURVE_LINE, x, y, 2, &fit));
    assert_false(curve_fit(CURVE_CONSTANT, x, y, 0, &fit));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_recovers_itself),
        cmocka_unit_test(a_hinge_nests_the_line),
        cmocka_unit_test(the_knee_of_a_jump_is_between_two_loads),
        cmocka_unit_test(a_noisier_knee_has_a_wider_interval),
        cmocka_unit_test(refuses_too_few_loads),
    };

    return cmocka_run_group_tests_name("curve", tests, NULL, NULL);
}
