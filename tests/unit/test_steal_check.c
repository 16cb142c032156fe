/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/steal_check.h"

#include "tests/support/analysed_run.h"
#include "tests/support/near.h"

static void
every_visit_is_checked_against_the_closed_form(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = analyse(*state, &plan);

    assert_int_equal(analysis->steal_checks->len, 30);
    for (guint i = 0; i < 30; i++) {
        const StealCheck *check = &g_array_index(analysis->steal_checks, StealCheck, i);
        double want = MAX(0, 1 - 2.0 / (1 + check->vp_percent / 50));

        assert_int_equal(check->pass, 1);
        assert_near(check->expected_ratio, want, 0.03);
        assert_near(check->measured_ratio, want, 0.03);
    }
}

static void
a_visit_on_fewer_cpus_is_checked_against_those(void **state)
{
    static const double steps[] = { 0, 100, 200, 400 };
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;

    plan.pool_cpus = 4;
    plan.shrink = true;
    plan.steps_percent = steps;
    plan.n_steps = G_N_ELEMENTS(steps);
    analysis = analyse(*state, &plan);
    assert_int_equal(analysis->steal_checks->len, 24);
    for (guint i = 0; i < 24; i++) {
        const StealCheck *check = &g_array_index(analysis->steal_checks, StealCheck, i);
        const Visit *visit = analysis->visits->visits->pdata[i];
        double cpus = check->vp_percent > 0 ? 400 / check->vp_percent : 4;
        double loaded = check->vp_percent > 0 ? 5 : 1;

        assert_near(check->load_percent, 100 * loaded / cpus, 1e-9);
        assert_near(check->expected_ratio, MAX(0, 1 - cpus / loaded), 0.03);
        assert_int_equal(check->pass, 1);
        /* A CPU that was given up is one that is kept for everything else. */
        assert_near(check->tolerance, cpus < 4 ? 0.03 : 0.06, 1e-9);
        assert_int_equal(visit->pool_cpus, (int) cpus);
        assert_int_equal(visit->boundary, loaded == cpus + 1);
    }
}

/* The samples at both ends lie a moment outside the visit, and only one within. */
static void
a_visit_of_two_windows_is_checked_too(void **state)
{
    static const char shorten[] =
        "update visit set load_raw_ns = null, "
        "start_raw_ns = (select min(raw_ns) from sched_sample where visit_id = 1) + 5000250000, "
        "end_raw_ns = (select min(raw_ns) from sched_sample where visit_id = 1) + 6999800000 "
        "where id = 1";
    const DatasetPlace *place = *state;
    g_autoptr(Analysis) analysis = NULL;
    g_autofree char *done = NULL;

    assert_ok(synthetic_run_write(&synthetic_plan_default, place->path, &error_));
    done = dataset_ask(place->path, shorten);
    assert_ok((analysis = analysis_new(place->path, &error_)));
    assert_int_equal(g_array_index(analysis->steal_checks, StealCheck, 0).pass, 1);
}

static void
a_visit_that_is_not_what_it_claims_fails(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;
    const StealCheck *check;

    plan.wrong_steal = 0.1;
    analysis = analyse(*state, &plan);
    check = &g_array_index(analysis->steal_checks, StealCheck, 0);
    assert_int_equal(check->pass, 0);
    assert_non_null(strstr(check->reason, "longer"));
    assert_false(analysis_passes(analysis));
}

static void
time_throttled_by_a_quota_is_expected(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;

    plan.quota_percent = 50;
    analysis = analyse(*state, &plan);
    for (guint i = 0; i < analysis->steal_checks->len; i++) {
        const StealCheck *check = &g_array_index(analysis->steal_checks, StealCheck, i);
        double loaded = 1 + check->vp_percent / 50;

        assert_near(check->expected_ratio, 1 - MIN(0.5 * loaded, 2) / loaded, 0.03);
        assert_int_equal(check->pass, 1);
    }
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(every_visit_is_checked_against_the_closed_form),
        IN_A_PLACE(a_visit_on_fewer_cpus_is_checked_against_those),
        IN_A_PLACE(a_visit_of_two_windows_is_checked_too),
        IN_A_PLACE(a_visit_that_is_not_what_it_claims_fails),
        IN_A_PLACE(time_throttled_by_a_quota_is_expected),
    };

    return cmocka_run_group_tests_name("steal_check", tests, NULL, NULL);
}
