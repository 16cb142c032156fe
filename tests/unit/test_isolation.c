/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/isolation.h"

#include <math.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/near.h"

/* Two victims, two culprits, and the first pair once more under page sharing. */
static DatasetCondition conditions[] = {
    { .id = 1, .name = "cc", .victim_load = "cpu", .culprit_load = "cpu" },
    { .id = 2, .name = "cm", .victim_load = "cpu", .culprit_load = "memory" },
    { .id = 3, .name = "mc", .victim_load = "memory", .culprit_load = "cpu" },
    { .id = 4, .name = "shared", .ksm = "on", .victim_load = "cpu", .culprit_load = "cpu" },
    { .id = 5, .name = "plain" },
};

static DatasetVisit
visit(int64_t condition, int64_t bulk, int64_t units)
{
    return (DatasetVisit){ .condition_id = condition,
                           .kind = "step",
                           .state = "done",
                           .bulk_running = bulk,
                           .vp_percent = 50 * (double) bulk,
                           .load_percent = 50 * (double) (bulk + 1),
                           .start_raw_ns = 1000000000,
                           .end_raw_ns = 9000000000,
                           .work_units = units,
                           .work_ns = 10000000000 };
}

static GArray *
rows_of(const DatasetVisit *visits, guint n)
{
    DatasetFacts facts = { .conditions = g_array_new(FALSE, FALSE, sizeof(DatasetCondition)),
                           .visits = g_array_new(FALSE, FALSE, sizeof(DatasetVisit)) };
    GArray *rows;

    g_array_append_vals(facts.conditions, conditions, G_N_ELEMENTS(conditions));
    g_array_append_vals(facts.visits, visits, n);
    rows = isolation_rows(&facts);
    g_array_unref(facts.conditions);
    g_array_unref(facts.visits);
    return rows;
}

static void
divides_the_quiet_rate_by_the_rate_beside_culprits(void **state)
{
    const DatasetVisit visits[] = {
        visit(1, 0, 1000), visit(1, 4, 400), visit(1, 4, 250), visit(1, 2, 500),
        visit(2, 0, 4000), visit(2, 4, 500), visit(3, 0, 90),  visit(3, 4, 30),
    };
    g_autoptr(GArray) rows = rows_of(visits, G_N_ELEMENTS(visits));
    const IsolationRow *row = &g_array_index(rows, IsolationRow, 0);

    assert_int_equal(rows->len, 4);
    assert_string_equal(row->condition, "cc");
    assert_near(row->vp_percent, 200, 0);
    assert_int_equal(row->visits, 2);
    assert_int_equal(row->baseline_visits, 2); /* every quiet visit of that victim */
    assert_near(row->units_per_second, sqrt(40 * 25), 1e-9);
    assert_near(row->baseline_units_per_second, 200, 1e-9);
    assert_near(row->slowdown_ratio, 200 / sqrt(40 * 25), 1e-9);

    row = &g_array_index(rows, IsolationRow, 1);
    assert_near(row->vp_percent, 100, 0);
    assert_near(row->slowdown_ratio, 4, 1e-9);
    assert_string_equal(g_array_index(rows, IsolationRow, 2).culprit_load, "memory");
    assert_near(g_array_index(rows, IsolationRow, 3).slowdown_ratio, 3, 1e-9);
    assert_true(isnan(g_array_index(rows, IsolationRow, 3).slowdown_low));
}

static void
its_interval_is_welchs_over_logarithms(void **state)
{
    const DatasetVisit visits[] = {
        visit(1, 0, 1000), visit(1, 0, 1100), visit(1, 0, 900),
        visit(1, 4, 300),  visit(1, 4, 330),  visit(1, 4, 270),
    };
    g_autoptr(GArray) rows = rows_of(visits, G_N_ELEMENTS(visits));
    const IsolationRow *row = &g_array_index(rows, IsolationRow, 0);

    /* Both sides scatter alike: 4 degrees of freedom, t = 2.776; s = 0.1004 each. */
    assert_near(row->slowdown_ratio, 10.0 / 3, 1e-9);
    assert_near(log(row->slowdown_high / row->slowdown_low), 2 * 2.776 * 0.1004 * sqrt(2.0 / 3),
                2e-3);
    assert_near(row->slowdown_low * row->slowdown_high, 100.0 / 9, 1e-6);
}

static void
another_setting_is_no_baseline(void **state)
{
    const DatasetVisit visits[] = { visit(1, 0, 1000), visit(4, 0, 500), visit(4, 4, 250) };
    g_autoptr(GArray) rows = rows_of(visits, G_N_ELEMENTS(visits));

    assert_int_equal(rows->len, 1);
    assert_near(g_array_index(rows, IsolationRow, 0).slowdown_ratio, 2, 1e-9);
}

static void
loads_that_tell_nothing_and_visits_that_failed_have_no_row(void **state)
{
    DatasetVisit visits[] = { visit(5, 4, DATASET_UNKNOWN), visit(1, 4, 100), visit(1, 4, 0) };
    g_autoptr(GArray) rows = NULL;

    visits[1].state = "failed";
    rows = rows_of(visits, G_N_ELEMENTS(visits));
    assert_int_equal(rows->len, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(divides_the_quiet_rate_by_the_rate_beside_culprits),
        cmocka_unit_test(its_interval_is_welchs_over_logarithms),
        cmocka_unit_test(another_setting_is_no_baseline),
        cmocka_unit_test(loads_that_tell_nothing_and_visits_that_failed_have_no_row),
    };

    return cmocka_run_group_tests_name("isolation", tests, NULL, NULL);
}
