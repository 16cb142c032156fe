/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/resume.h"

#include <string.h>

#include "hostctl/run/schedule.h"
#include "tests/support/dataset_file.h"

#define PLAN "{\"seed\": 1, \"steps_percent\": [0, 100], \"load\": {\"a\": \"b\"}}"

static const PlannedVisit planned[] = {
    { 1, 0, 0, VISIT_STEP, 0 },
    { 1, 0, 0, VISIT_STEP, 100 },
    { 1, 0, 0, VISIT_STEP, 200 },
};

static GArray *
schedule(void)
{
    GArray *visits = g_array_new(FALSE, FALSE, sizeof(PlannedVisit));

    g_array_append_vals(visits, planned, G_N_ELEMENTS(planned));
    return visits;
}

static RunRow
run_row(const char *kernel)
{
    RunRow row = dataset_run;

    row.command = "run";
    row.plan = PLAN;
    row.kernel = kernel;
    return row;
}

/* Two visits of three, the second of which failed. */
static void
write_run(const char *path, const char *state, double step_percent)
{
    static const char *const states[] = { "done", "failed" };
    const RunRow row = run_row("6.1");
    DatasetWriter *writer = dataset_writer(path);
    const ConditionRow condition = { .name = "quiet" };
    int64_t condition_id = 0;

    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_run(writer, &row, &error_));
    assert_ok(writer_condition(writer, &condition, &condition_id, &error_));
    for (unsigned i = 0; i < 2; i++) {
        VisitRow visit = visit_row_none;

        visit.condition_id = condition_id;
        visit.repeat = 1;
        visit.position = i + 1;
        visit.kind = "step";
        visit.step_percent = i == 0 ? step_percent : 100;
        visit.state = states[i];
        visit.start_raw_ns = 1;
        visit.end_raw_ns = 2;
        assert_ok(writer_visit(writer, &visit, &error_));
    }
    assert_ok(writer_commit(writer, &error_));
    assert_ok(writer_finish(writer, state, &error_));
    writer_free(writer);
}

static void
only_visits_that_were_made_stand(void **state)
{
    const DatasetPlace *place = *state;
    const RunRow now = run_row("6.1");
    g_autoptr(GArray) visits = schedule();
    g_autoptr(Resume) resume = NULL;

    write_run(place->path, "interrupted", 0);
    assert_ok(resume = resume_read(place->path, &now, visits, &error_));
    assert_int_equal(resume->n_made, 1);
    assert_int_equal(resume->n_visits, 3);
    assert_true(resume->made[0]);
    assert_false(resume->made[1]);
    assert_false(resume->made[2]);
}

static void
assert_refused(const char *path, const RunRow *now, const char *word)
{
    g_autoptr(GArray) visits = schedule();
    g_autoptr(GError) error = NULL;

    assert_null(resume_read(path, now, visits, &error));
    if (!strstr(error->message, word))
        fail_msg("“%s” is not in: %s", word, error->message);
}

static void
says_what_differs(void **state)
{
    const DatasetPlace *place = *state;
    RunRow now = run_row("6.5");

    write_run(place->path, "failed", 0);
    assert_refused(place->path, &now, "kernel was “6.1” and is “6.5”");
    now = run_row("6.1");
    now.plan = "{\"seed\": 1, \"steps_percent\": [0, 150], \"load\": {\"a\": \"b\"}}";
    assert_refused(place->path, &now, "$.steps_percent[1]");
}

static void
a_complete_run_and_another_schedule_are_refused(void **state)
{
    const DatasetPlace *place = *state;
    const RunRow now = run_row("6.1");

    write_run(place->path, "complete", 0);
    assert_refused(place->path, &now, "nothing to go on with");
}

static void
a_visit_that_stands_elsewhere_is_refused(void **state)
{
    const DatasetPlace *place = *state;
    const RunRow now = run_row("6.1");

    write_run(place->path, "interrupted", 50);
    assert_refused(place->path, &now, "schedule");
}

static void
plans_are_compared_as_json_and_not_as_text(void **state)
{
    static const char *const pairs[][3] = {
        { PLAN, "{\"load\":{\"a\":\"b\"},\"steps_percent\":[0,100],\"seed\":1}", NULL },
        { PLAN, "{\"seed\": 2, \"steps_percent\": [0, 100], \"load\": {\"a\": \"b\"}}", "$.seed" },
        { PLAN, "{\"seed\": 1, \"steps_percent\": [0], \"load\": {\"a\": \"b\"}}",
          "$.steps_percent[1]" },
        { PLAN, "{\"seed\": 1, \"steps_percent\": [0, 100], \"load\": {\"a\": \"c\"}}",
          "$.load.a" },
        { "{}", "{\"new\": 1}", "$.new" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autofree char *found = resume_plan_difference(pairs[i][0], pairs[i][1]);

        if (g_strcmp0(found, pairs[i][2]) != 0)
            fail_msg("%s: %s", pairs[i][1], found ? found : "no difference");
    }
}

int
main(void)
{
#define CASE(name) \
    cmocka_unit_test_setup_teardown(name, dataset_place_set_up, dataset_place_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(only_visits_that_were_made_stand),
        CASE(says_what_differs),
        CASE(a_complete_run_and_another_schedule_are_refused),
        CASE(a_visit_that_stands_elsewhere_is_refused),
        CASE(plans_are_compared_as_json_and_not_as_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
