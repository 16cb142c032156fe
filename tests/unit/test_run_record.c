/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/run_record.h"

#include <math.h>

#include "hostctl/run/smallest_effect.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define SECOND_NS 1000000000ll

static RunRecord *
begin(const HostTree *tree)
{
    return run_record_new(tree->state, "quick", "quick.json", "quick.db", NULL);
}

static void
each_run_gets_a_number_of_its_own(void **state)
{
    g_autoptr(RunRecord) first = begin(*state);
    g_autoptr(RunRecord) second = begin(*state);

    assert_string_equal(first->id, "quick-1");
    assert_string_equal(second->id, "quick-2");
    assert_true(g_path_is_absolute(first->dataset));
}

static void
what_was_written_is_read_again(void **state)
{
    HostTree *tree = *state;
    g_autoptr(RunRecord) record = begin(tree);
    g_autoptr(GPtrArray) records = NULL;
    const RunRecord *again;

    run_record_set(&record->state, "running");
    run_record_set(&record->message, "quiet, 100 %, repeat 1: “\n");
    record->visits_done = 3;
    record->visits_total = 28;
    record->left_ns = 90 * SECOND_NS;
    assert_true(run_record_write(record, NULL));

    records = run_record_list(tree->state);
    assert_int_equal(records->len, 1);
    again = records->pdata[0];
    assert_string_equal(again->message, record->message);
    assert_int_equal(again->visits_total, 28);
    assert_string_equal(run_record_state(again), "running");
    assert_int_equal(run_record_left_ns(again, again->updated_wall_ns + 30 * SECOND_NS),
                     60 * SECOND_NS);
    assert_int_equal(run_record_left_ns(again, again->updated_wall_ns + 300 * SECOND_NS), 0);
}

static void
one_whose_process_is_gone_was_killed(void **state)
{
    HostTree *tree = *state;
    g_autoptr(RunRecord) record = begin(tree);

    assert_string_equal(run_record_state(record), "starting");
    record->starttime++; /* the pid is somebody else's by now */
    assert_string_equal(run_record_state(record), "killed");
    run_record_set(&record->state, "complete");
    assert_string_equal(run_record_state(record), "complete");
    assert_int_equal(run_record_left_ns(record, 0), -1);
}

static void
what_is_no_record_is_passed_over(void **state)
{
    HostTree *tree = *state;
    g_autoptr(RunRecord) record = begin(tree);
    g_autofree char *path = host_tree_state_file(tree, "runs/other.json");
    g_autoptr(GPtrArray) records = NULL;

    assert_true(g_file_set_contents(path, "{\"id\": 1}", -1, NULL));
    records = run_record_list(tree->state);
    assert_int_equal(records->len, 1);
}

/* Figures of the normal distribution, by hand. */
static void
the_smallest_effect_falls_with_the_square_root_of_the_visits(void **state)
{
    assert_true(fabs(smallest_effect(8, 8) - 1.400793) < 1e-5);
    assert_true(fabs(smallest_effect(32, 32) - 0.700396) < 1e-5);
    assert_true(isinf(smallest_effect(0, 5)));
    assert_true(fabs(smallest_effect_auc(0) - 0.5) < 1e-12);
    assert_true(fabs(smallest_effect_auc(1.414214) - 0.841345) < 1e-5);
    assert_true(fabs(smallest_p_value(3, 3) - 0.1) < 1e-9);
    assert_true(smallest_p_value(1, 1) <= 1);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)
    const struct CMUnitTest tests[] = {
        CASE(each_run_gets_a_number_of_its_own),
        CASE(what_was_written_is_read_again),
        CASE(one_whose_process_is_gone_was_killed),
        CASE(what_is_no_record_is_passed_over),
        cmocka_unit_test(the_smallest_effect_falls_with_the_square_root_of_the_visits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
