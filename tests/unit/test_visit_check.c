/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/visit_check.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/dataset_file.h"
#include "tests/support/synthetic_run.h"

/* A run in the middle: its visits are in the file, its writer is open. */
typedef struct {
    Lab lab;
    GPtrArray *notes;
} Run;

static Run
run_with(const DatasetPlace *place, double wrong_steal, bool keep_going)
{
    static const WriterEvent events[] = {
        { "cycles", 0 },        { "instructions", 0 }, { "branches", 0 },
        { "branch-misses", 0 }, { "cache-misses", 0 },
    };
    SyntheticPlan plan = synthetic_plan_default;
    Run run = { .lab = { .dataset = place->path, .keep_going = keep_going },
                .notes = g_ptr_array_new_with_free_func(g_free) };

    plan.wrong_steal = wrong_steal;
    assert_ok(synthetic_run_write(&plan, place->path, &error_));
    assert_ok(writer_open(place->path, WRITER_APPEND, events, G_N_ELEMENTS(events), &run.lab.writer,
                          &error_));
    return run;
}

static void
run_end(Run *run)
{
    writer_free(run->lab.writer);
    g_ptr_array_unref(run->notes);
}

#define COUNT_NOTES "select count(*) from note where text like 'the check failed: visit 1 %'"

static void
a_visit_that_is_what_it_claims_passes_without_a_word(void **state)
{
    const DatasetPlace *place = *state;
    Run run = run_with(place, 0, false);

    assert_ok(visit_check(&run.lab, 1, run.notes, &error_));
    assert_int_equal(run.notes->len, 0);
    assert_answer(place->path, COUNT_NOTES, "0");
    run_end(&run);
}

static void
a_failed_check_stops_the_run_with_the_figures_and_the_way_on(void **state)
{
    static const char *const words[] = { "visit 1 (quiet, ", "waited longer than the load explains",
                                         "expected 0.", "± 0.0", "--keep-going" };
    const DatasetPlace *place = *state;
    g_autoptr(GError) error = NULL;
    Run run = run_with(place, 0.1, false);

    assert_false(visit_check(&run.lab, 1, run.notes, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_NO));
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (!strstr(error->message, words[i]))
            fail_msg("“%s” is not in: %s", words[i], error->message);
    assert_answer(place->path, COUNT_NOTES " and severity = 'error'", "1");
    assert_answer(place->path, "select visit_id from note", "1");
    run_end(&run);
}

static void
told_to_keep_going_it_notes_and_goes_on(void **state)
{
    const DatasetPlace *place = *state;
    Run run = run_with(place, 0.1, true);

    assert_ok(visit_check(&run.lab, 1, run.notes, &error_));
    assert_int_equal(run.notes->len, 1);
    assert_answer(place->path, COUNT_NOTES " and severity = 'warning'", "1");
    run_end(&run);
}

static void
a_visit_that_was_never_made_cannot_be_judged(void **state)
{
    const DatasetPlace *place = *state;
    Run run = run_with(place, 0.1, false);

    assert_ok(visit_check(&run.lab, 1000, run.notes, &error_));
    assert_int_equal(run.notes->len, 0);
    run_end(&run);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, dataset_place_set_up, dataset_place_tear_down)
        CASE(a_visit_that_is_what_it_claims_passes_without_a_word),
        CASE(a_failed_check_stops_the_run_with_the_figures_and_the_way_on),
        CASE(told_to_keep_going_it_notes_and_goes_on),
        CASE(a_visit_that_was_never_made_cannot_be_judged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
