/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run whose guest and host count by turns, read by correlate. */
#include "correlate/analysis.h"
#include "correlate/report/json_document.h"
#include "correlate/report/text_document.h"
#include "tests/support/analysed_run.h"
#include "tests/support/near.h"

/*
 * Makes it a run whose guest and host alternate, in turns of three of the twelve windows: guest
 * only, host only twice, an overlap of cycles and branch misses. The guest's rows stand a quarter
 * of a window earlier, so it takes its turns earlier; what it takes from the host in the last
 * window of the overlap is missing there.
 */
static void
make_alternate(const char *path)
{
    static const char phases[] = "insert into phase values (1, 'guest-only', 3, 'all', null), (2, "
                                 "'host-only', 3, null, 'G'),"
                                 " (3, 'host-only', 3, null, 'H'), (4, 'overlap', 3, 'two', 'G')";
    g_autofree char *inserted = dataset_ask(path, phases);
    static const char *const updates[] = {
        "update guest_sample set phase = case when k = 0 then null else t end,"
        " instructions = case when k = 0 or t = 1 or n = 1 then instructions end,"
        " branches = case when k = 0 or t = 1 or n = 1 then branches end,"
        " cache_misses = case when k = 0 or t = 1 or n = 1 then cache_misses end,"
        " cycles = case when k = 0 or t in (1, 4) or n in (1, 4) then cycles end,"
        " branch_misses = case when k = 0 or t in (1, 4) or n in (1, 4) then branch_misses end",
        "update host_sample set phase = case when k = 0 then null else t end,"
        " instructions = case when k = 0 or t = 2 or n = 2 then instructions end,"
        " branches = case when k = 0 or t = 2 or n = 2 then branches end,"
        " cache_misses = case when k = 0 or t = 2 or n = 2 then cache_misses end,"
        " cycles = case when k = 0 or t in (2, 4) or n in (2, 4) then"
        "   cycles - (k = 12) * 200000000 end,"
        " branch_misses = case when k = 0 or t in (2, 4) or n in (2, 4) then branch_misses end",
    };
    static const char *const tables[] = { "guest_sample", "host_sample" };

    for (size_t i = 0; i < G_N_ELEMENTS(updates); i++) {
        g_autofree char *sql = g_strdup_printf(
            "%s from (select rowid as row, k, (k + 11) / 3 %% 4 + 1 as t, k / 3 %% 4 + 1 as n from"
            " (select rowid, row_number() over (partition by visit_id order by raw_ns) - 1 as k"
            "  from %s)) as r where r.row = %s.rowid",
            updates[i], tables[i], tables[i]);
        g_autofree char *done = dataset_ask(path, sql);

        assert_string_equal(done, "no row");
    }
}

static void
sides_that_alternate_are_compared_where_both_counted(void **state)
{
    static const double steps[] = { 0, 50 }; /* nobody waits, so windows are alike */
    const DatasetPlace *place = *state;
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;
    g_autofree char *text = NULL, *json = NULL;
    const FidelityRow *cycles, *misses, *instructions;

    plan.steps_percent = steps;
    plan.n_steps = G_N_ELEMENTS(steps);
    plan.settle_seconds = plan.drop_seconds;
    plan.guest_lead_bins = 1;
    plan.fidelity_ratio = 0.97;
    plan.window_sd = 0;
    plan.counters = "hardware";
    plan.accelerator = "kvm";
    assert_ok(synthetic_run_write(&plan, place->path, &error_));
    make_alternate(place->path);
    assert_ok((analysis = analysis_new(place->path, &error_)));

    /* 12 visits of 12 windows: the guest counts in 2 and 3 of them, both sides in 2 whole ones. */
    assert_int_equal(analysis->turns.guest, 12 * 5);
    assert_int_equal(analysis->turns.compared, 12 * 2);
    assert_int_equal(analysis->excluded.windows[EXCLUDED_HOST_TURN], 12 * 7);
    assert_int_equal(analysis->excluded.windows[EXCLUDED_STARVED], 0);
    cycles = fidelity_of(analysis, "cycles");
    assert_int_equal(cycles->windows, 12 * 2);
    assert_near(cycles->median_ratio, 1, 1e-3);
    assert_near(cycles->worst[0].ratio, 1, 2e-3);
    misses = fidelity_of(analysis, "branch-misses");
    assert_int_equal(misses->windows, 12 * 2);
    assert_near(misses->median_ratio, 0.97, 1e-3);
    instructions = fidelity_of(analysis, "instructions");
    assert_int_equal(instructions->windows, 0);
    assert_true(isnan(instructions->median_ratio));
    assert_int_equal(instructions->verdicts[VERDICT_INVALID], 0);
    assert_non_null(strstr(instructions->cause, "by turns"));
    assert_true(analysis->steal_checks->len == 12);

    text = text_document(analysis);
    assert_non_null(strstr(text, "of 60 windows that the guest counted, both sides counted 24"));
    json = json_document(analysis);
    assert_non_null(strstr(json, "\"compared_windows\" : 24"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sides_that_alternate_are_compared_where_both_counted,
                                        dataset_place_set_up, dataset_place_tear_down),
    };

    return cmocka_run_group_tests_name("alternate", tests, NULL, NULL);
}
