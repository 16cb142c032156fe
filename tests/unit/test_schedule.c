/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/schedule.h"
#include "tests/support/cmocka_all.h"

#define MAX_N 9

static Plan *
plan_with(const char *more)
{
    g_autofree char *text = g_strdup_printf(
        "{\"version\":1,\"name\":\"t\",\"load\":[\"x\"],\"conditions\":[{\"name\":\"a\"},"
        "{\"name\":\"b\"}],\"steps_percent\":[100,0,50,150]%s}",
        more);
    Plan *plan = plan_parse("t.json", text, NULL);

    assert_non_null(plan);
    return plan;
}

static const PlannedVisit *
visit_at(const GArray *visits, guint i)
{
    return &g_array_index(visits, PlannedVisit, i);
}

static void
a_williams_square_lets_each_step_follow_each_other_equally_often(void **state)
{
    for (unsigned n = 2; n <= MAX_N; n++) {
        unsigned follows[MAX_N][MAX_N] = { 0 }, order[MAX_N];
        unsigned times = williams_rows(n) / n;

        for (unsigned row = 0; row < williams_rows(n); row++) {
            unsigned seen = 0;

            williams_row(n, row, order);
            for (unsigned i = 0; i < n; i++)
                seen |= 1u << order[i];
            assert_int_equal(seen, (1u << n) - 1);
            for (unsigned i = 1; i < n; i++)
                follows[order[i - 1]][order[i]]++;
        }
        for (unsigned a = 0; a < n; a++)
            for (unsigned b = 0; b < n; b++)
                assert_int_equal(follows[a][b], a == b ? 0 : times);
    }
}

static void
a_single_step_has_an_order_too(void **state)
{
    unsigned order = 7;

    williams_row(1, 0, &order);
    assert_int_equal(order, 0);
}

static void
conditions_alternate_across_repeats(void **state)
{
    g_autoptr(Plan) plan = plan_with(",\"repeats\":4");
    g_autoptr(GArray) visits = schedule_make(plan);
    const unsigned want[] = { 0, 1, 1, 0, 0, 1, 1, 0 };

    assert_int_equal(visits->len, 8 * 6);
    for (guint i = 0; i < visits->len; i++) {
        assert_int_equal(visit_at(visits, i)->block, i / 6);
        assert_int_equal(visit_at(visits, i)->condition, want[i / 6]);
        assert_int_equal(visit_at(visits, i)->repeat, i / 12 + 1);
    }
}

static void
an_idle_visit_opens_and_closes_each_block(void **state)
{
    g_autoptr(Plan) plan = plan_with("");
    g_autoptr(GArray) visits = schedule_make(plan);

    for (guint i = 0; i < visits->len; i += 6) {
        double sum = 0;

        assert_int_equal(visit_at(visits, i)->kind, VISIT_OPEN);
        assert_int_equal(visit_at(visits, i + 5)->kind, VISIT_CLOSE);
        assert_true(visit_at(visits, i)->step_percent == 0);
        assert_true(visit_at(visits, i + 5)->step_percent == 0);
        for (guint j = i + 1; j < i + 5; j++) {
            assert_int_equal(visit_at(visits, j)->kind, VISIT_STEP);
            sum += visit_at(visits, j)->step_percent;
        }
        assert_true(sum == 300);
    }
}

static void
ascending_order_sorts_and_a_plan_may_leave_the_frame_away(void **state)
{
    g_autoptr(Plan) plan =
        plan_with(",\"repeats\":1,\"order\":\"ascending\",\"frame_visits\":false");
    g_autoptr(GArray) visits = schedule_make(plan);
    const double want[] = { 0, 50, 100, 150 };

    assert_int_equal(visits->len, 8);
    for (guint i = 0; i < visits->len; i++)
        assert_true(visit_at(visits, i)->step_percent == want[i % 4]);
}

static void
the_same_seed_gives_the_same_schedule(void **state)
{
    g_autoptr(Plan) plan = plan_with(",\"seed\":5");
    g_autoptr(GArray) first = schedule_make(plan);
    g_autoptr(GArray) again = schedule_make(plan);

    assert_int_equal(first->len, again->len);
    for (guint i = 0; i < first->len; i++)
        assert_true(visit_at(first, i)->step_percent == visit_at(again, i)->step_percent);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_williams_square_lets_each_step_follow_each_other_equally_often),
        cmocka_unit_test(a_single_step_has_an_order_too),
        cmocka_unit_test(conditions_alternate_across_repeats),
        cmocka_unit_test(an_idle_visit_opens_and_closes_each_block),
        cmocka_unit_test(ascending_order_sorts_and_a_plan_may_leave_the_frame_away),
        cmocka_unit_test(the_same_seed_gives_the_same_schedule),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
