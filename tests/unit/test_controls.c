/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/controls.h"

#include <json-glib/json-glib.h>

#include "correlate/analysis.h"
#include "correlate/report/html_document.h"
#include "correlate/report/json_document.h"
#include "correlate/report/text_document.h"
#include "tests/support/dataset_file.h"
#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

#define BRANCH 0 /* branch_misses_per_cycle */
#define WINDOWS 20
#define LOW 10.0
#define HIGH 30.0

/* A visit on two CPUs whose first `high` windows have the high value of every estimator. */
static Visit *
add_visit(Visits *visits, guint condition, int runnable, guint high)
{
    Visit *visit = visits_add(visits);

    visit->condition = condition;
    visit->repeat = visits->visits->len;
    visit->vp_percent = 50.0 * (runnable - 1);
    visit->load_percent = visit->core_percent = 50.0 * runnable;
    visit->runnable = runnable;
    visit->pool_cpus = 2;
    visit->boundary = runnable == 3;
    visit->steal_pass = 1;
    for (guint i = 0; i < WINDOWS; i++) {
        WindowValues window = { .t_seconds = i,
                                .delay_share = NAN,
                                .instructions_per_second = NAN };

        for (size_t e = 0; e < ESTIMATOR_COUNT; e++)
            window.value[e] = i < high ? HIGH : LOW;
        visit_add_window(visit, &window);
    }
    return visit;
}

/* A run whose every estimator is low without overcommit and high with it. */
static Visits *
new_run(const char *control)
{
    Visits *visits = visits_new();

    g_ptr_array_add(visits->conditions, g_strdup("noisy"));
    for (int repeat = 0; repeat < 3; repeat++) {
        add_visit(visits, 0, 1, 0);
        add_visit(visits, 0, 5, WINDOWS);
    }
    if (control)
        g_ptr_array_add(visits->conditions, g_strdup(control));
    return visits;
}

/* The row of the control, the second of the run. */
static ControlRow
score(const Visits *visits, GArray *controls)
{
    g_autoptr(GArray) rows = evaluate(visits);

    controls_score(controls, visits, rows, NULL);
    assert_int_equal(controls->len, 2);
    assert_string_equal(g_array_index(controls, ControlRow, 0).name, "noisy, up to 100 % load");
    assert_near(g_array_index(controls, ControlRow, 0).false_alarm_ratio[BRANCH], 0, 0);
    return g_array_index(controls, ControlRow, 1);
}

static void
counts_the_planted_alarms_of_each_estimator(void **state)
{
    g_autoptr(Visits) visits = new_run("control-second-process");
    g_autoptr(GArray) controls = controls_new();
    Visit *visit = add_visit(visits, 1, 1, 7);
    ControlRow row;

    for (guint i = 0; i < visit->kept->len; i++) {
        WindowValues *window = &g_array_index(visit->kept, WindowValues, i);

        window->value[BRANCH + 1] = LOW; /* one that must not alarm */
        window->value[BRANCH + 2] = NAN; /* one that cannot tell */
    }
    row = score(visits, controls);
    assert_string_equal(row.name, "control-second-process");
    assert_int_equal(row.visits, 1);
    assert_near(row.false_alarm_ratio[BRANCH], 7.0 / WINDOWS, 1e-12);
    assert_near(row.false_alarm_ratio[BRANCH + 1], 0, 0);
    assert_true(isnan(row.false_alarm_ratio[BRANCH + 2]));
    assert_true(isnan(row.detected_ratio[BRANCH]));
    assert_int_equal(row.refused, 0);
}

static void
a_number_that_falls_alarms_below_its_threshold(void **state)
{
    g_autoptr(Visits) visits = visits_new();
    g_autoptr(GArray) controls = controls_new();

    g_ptr_array_add(visits->conditions, g_strdup("noisy"));
    g_ptr_array_add(visits->conditions, g_strdup("control-idle"));
    for (int repeat = 0; repeat < 3; repeat++) {
        add_visit(visits, 0, 1, WINDOWS);
        add_visit(visits, 0, 5, 0);
    }
    add_visit(visits, 1, 1, WINDOWS - 4);
    assert_near(score(visits, controls).false_alarm_ratio[BRANCH], 4.0 / WINDOWS, 1e-12);
}

static void
refuses_visits_with_too_much_load_or_a_failed_check(void **state)
{
    g_autoptr(Visits) visits = new_run("control-ksm-only");
    g_autoptr(GArray) controls = controls_new();
    ControlRow row;

    add_visit(visits, 1, 1, 0);
    add_visit(visits, 1, 1, WINDOWS)->steal_pass = 0;
    add_visit(visits, 1, 2, WINDOWS);
    add_visit(visits, 1, 3, WINDOWS);
    add_visit(visits, 1, 5, WINDOWS);
    row = score(visits, controls);
    assert_int_equal(row.visits, 1);
    assert_near(row.false_alarm_ratio[BRANCH], 0, 0);
    assert_int_equal(row.refused, 4);
    assert_non_null(strstr(row.refusal, "steal check failed"));
}

/* The steal check allows for processes beside the guests, and passed. */
static void
refuses_a_visit_in_which_somebody_else_made_it_wait(void **state)
{
    g_autoptr(Visits) visits = new_run("control-load");
    g_autoptr(GArray) controls = controls_new();
    Visit *visit = add_visit(visits, 1, 1, 0);
    ControlRow row;

    visit->delay_sum = 0.06 * WINDOWS;
    visit->delay_counted = WINDOWS;
    row = score(visits, controls);
    assert_int_equal(row.visits, 0);
    assert_non_null(strstr(row.refusal, "waited more than 5 %"));
}

static void
a_control_without_evidence_does_not_vanish(void **state)
{
    g_autoptr(Visits) visits = new_run("control-load");
    g_autoptr(GArray) controls = controls_new();

    g_array_set_size(add_visit(visits, 1, 1, 0)->kept, 0);
    assert_non_null(strstr(score(visits, controls).refusal, "no window of it is evidence"));
}

static void
what_is_refused_altogether_has_a_row_without_a_ratio(void **state)
{
    g_autoptr(Visits) visits = new_run("control-load");
    g_autoptr(GArray) controls = controls_new();
    ControlRow row;

    add_visit(visits, 1, 2, 3);
    row = score(visits, controls);
    assert_int_equal(row.visits, 0);
    assert_true(isnan(row.false_alarm_ratio[BRANCH]));
    assert_non_null(strstr(row.refusal, "50 %"));
}

static void
the_micro_guest_alone_has_nobody_to_share_with(void **state)
{
    g_autoptr(Visits) visits = new_run("control-bandwidth");
    g_autoptr(GArray) controls = controls_new();
    Visit *visit = add_visit(visits, 1, 1, 5);

    visit->pool_cpus = 1;
    visit->load_percent = visit->core_percent = 100;
    assert_near(score(visits, controls).false_alarm_ratio[BRANCH], 5.0 / WINDOWS, 1e-12);
}

static void
alarms_under_host_hogs_are_no_false_ones(void **state)
{
    g_autoptr(Visits) visits = new_run("control-host-hogs");
    g_autoptr(GArray) controls = controls_new();
    Visit *visit = add_visit(visits, 1, 5, 15);
    ControlRow row;

    visit->vp_percent = 0;
    visit->host_hogs = 4;
    row = score(visits, controls);
    assert_int_equal(row.visits, 0);
    assert_int_equal(row.overcommitted, 1);
    assert_true(isnan(row.false_alarm_ratio[BRANCH]));
    assert_near(row.detected_ratio[BRANCH], 15.0 / WINDOWS, 1e-12);
    assert_int_equal(row.refused, 0);
}

static void
controls_are_no_level_of_the_experiment(void **state)
{
    g_autoptr(Visits) visits = new_run("control-load");
    g_autoptr(GArray) rows = NULL;

    add_visit(visits, 1, 1, WINDOWS);
    rows = evaluate(visits);
    assert_int_equal(visits_fewest(visits, -1), 3);
    assert_near(evaluation_find(rows, "branch_misses_per_cycle", "pooled", TRUTH_VP)->auc, 1, 1e-9);
    assert_null(evaluation_find(rows, "branch_misses_per_cycle", "control-load", TRUTH_VP));
}

static const double alone[] = { 0 };
static const char *const control_conditions[] = { "control-raised", NULL };

/* Two CPUs, the micro guest alone; branch misses as high as nowhere but far beyond 100 %. */
static SyntheticPlan
control_plan(void)
{
    SyntheticPlan plan = synthetic_plan_default;

    plan.steps_percent = alone;
    plan.n_steps = 1;
    plan.conditions = control_conditions;
    plan.shape = SYNTHETIC_JUMP;
    plan.knee_percent = -1;
    return plan;
}

static Analysis *
analyse_with(const DatasetPlace *place, const SyntheticPlan *control, GError **error)
{
    g_autofree char *path = g_strconcat(place->path, ".control", NULL);
    char *controls[] = { path, NULL };
    SyntheticPlan plan = synthetic_plan_default;
    Analysis *analysis;

    assert_ok(synthetic_run_write(&plan, place->path, &error_));
    assert_ok(synthetic_run_write(control, path, &error_));
    analysis = analysis_with_controls(place->path, controls, error);
    unlink(path);
    return analysis;
}

static void
another_dataset_is_scored_by_name_in_every_document(void **state)
{
    SyntheticPlan plan = control_plan();
    g_autoptr(Analysis) analysis = analyse_with(*state, &plan, NULL);
    g_autoptr(GPtrArray) figures = g_ptr_array_new();
    g_autofree char *json = json_document(analysis);
    g_autofree char *text = text_document(analysis);
    g_autofree char *page = html_document(analysis, figures);
    g_autoptr(JsonNode) root = json_from_string(json, NULL);
    JsonArray *rows = json_object_get_array_member(json_node_get_object(root), "controls");
    JsonObject *row = json_array_get_object_element(rows, json_array_get_length(rows) - 1);
    JsonObject *first =
        json_array_get_object_element(json_object_get_array_member(row, "estimators"), 0);

    assert_string_equal(json_object_get_string_member(row, "name"), "control-raised");
    assert_int_equal(json_object_get_int_member(row, "visits"), 3);
    assert_int_equal(json_object_get_int_member(row, "refused_visits"), 0);
    assert_near(json_object_get_double_member(row, "false_alarm_ratio"), 1, 0.05);
    assert_true(json_object_get_null_member(row, "detected_ratio"));
    assert_string_equal(json_object_get_string_member(first, "name"), "branch_misses_per_cycle");
    assert_true(json_object_get_double_member(first, "auc") > 0.9);
    assert_non_null(strstr(text, "control-raised"));
    assert_non_null(strstr(page, "control-raised"));
}

static void
a_control_that_is_not_what_it_claims_is_refused_by_name(void **state)
{
    SyntheticPlan plan = control_plan();
    g_autoptr(Analysis) analysis = NULL;
    g_autofree char *text = NULL;

    plan.wrong_steal = 0.3;
    analysis = analyse_with(*state, &plan, NULL);
    text = text_document(analysis);
    assert_non_null(strstr(text, "3 visits refused: its steal check failed"));
}

static void
a_dataset_of_other_counters_is_no_control(void **state)
{
    SyntheticPlan plan = control_plan();
    g_autoptr(GError) error = NULL;

    plan.counters = "hardware";
    assert_null(analyse_with(*state, &plan, &error));
    assert_non_null(strstr(error->message, "its counters: “hardware”"));
}

static void
a_dataset_of_controls_alone_says_so(void **state)
{
    const DatasetPlace *place = *state;
    SyntheticPlan plan = control_plan();
    g_autoptr(Analysis) analysis = NULL;

    assert_ok(synthetic_run_write(&plan, place->path, &error_));
    assert_ok((analysis = analysis_new(place->path, &error_)));
    assert_non_null(strstr(analysis->answer, "controls alone"));
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_planted_alarms_of_each_estimator),
        cmocka_unit_test(a_number_that_falls_alarms_below_its_threshold),
        cmocka_unit_test(refuses_visits_with_too_much_load_or_a_failed_check),
        cmocka_unit_test(refuses_a_visit_in_which_somebody_else_made_it_wait),
        cmocka_unit_test(a_control_without_evidence_does_not_vanish),
        cmocka_unit_test(what_is_refused_altogether_has_a_row_without_a_ratio),
        cmocka_unit_test(the_micro_guest_alone_has_nobody_to_share_with),
        cmocka_unit_test(alarms_under_host_hogs_are_no_false_ones),
        cmocka_unit_test(controls_are_no_level_of_the_experiment),
        IN_A_PLACE(another_dataset_is_scored_by_name_in_every_document),
        IN_A_PLACE(a_control_that_is_not_what_it_claims_is_refused_by_name),
        IN_A_PLACE(a_dataset_of_other_counters_is_no_control),
        IN_A_PLACE(a_dataset_of_controls_alone_says_so),
    };

    return cmocka_run_group_tests_name("controls", tests, NULL, NULL);
}
