/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/learn.h"

#include <sqlite3.h>

#include "common/judge/threshold.h"
#include "correlate/judge.h"
#include "correlate/rules.h"
#include "correlate/threshold_document.h"
#include "tests/support/dataset_file.h"
#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

static char *
make_run(const DatasetPlace *place, const char *name, const SyntheticPlan *plan)
{
    char *path = g_build_filename(place->dir, name, NULL);

    assert_ok(synthetic_run_write(plan, path, &error_));
    return path;
}

static SyntheticPlan
hardware_plan(void)
{
    SyntheticPlan plan = synthetic_plan_default;

    plan.counters = "hardware";
    plan.accelerator = "kvm";
    return plan;
}

static const Threshold *
find(const GArray *thresholds, const char *estimator, const char *truth)
{
    for (guint i = 0; i < thresholds->len; i++) {
        const Threshold *threshold = &g_array_index(thresholds, Threshold, i);

        if (g_str_equal(threshold->estimator->name, estimator) &&
            g_str_equal(threshold->truth, truth))
            return threshold;
    }
    return NULL;
}

static void
learns_a_planted_threshold_and_scores_it_held_out(void **state)
{
    SyntheticPlan plan = hardware_plan();
    g_autofree char *path = make_run(*state, "a.db", &plan);
    const LearnOptions options = { .wished_false_alarms = NAN };
    g_autoptr(GArray) thresholds = NULL;
    const Threshold *branch, *cache;

    assert_ok((thresholds = learn_thresholds((char *[]){ path, NULL }, &options, &error_)));
    branch = find(thresholds, "branch_misses_per_cycle", "vp");
    cache = find(thresholds, "cache_misses_per_cycle", "vp");
    assert_true(branch->above);
    assert_true(branch->threshold > 15 * 1.03 && branch->threshold < 15 * 1.3);
    assert_true(branch->heldout_sensitivity > 0.95 && branch->heldout_specificity > 0.95);
    assert_string_equal(branch->heldout, "repeat");
    assert_int_equal(g_strv_length(branch->datasets), 1);
    /* On data it has not seen, a number that tells nothing is a coin. */
    assert_near(cache->heldout_sensitivity + cache->heldout_specificity, 1, 0.25);
}

static void
assert_refused(char *path, const LearnOptions *options, const char *because)
{
    g_autoptr(GError) error = NULL;

    assert_null(learn_thresholds((char *[]){ path, NULL }, options, &error));
    if (!strstr(error->message, because) || !strstr(error->message, path))
        fail_msg("“%s” says not “%s”", error->message, because);
}

static void
refuses_what_cannot_be_trusted(void **state)
{
    const LearnOptions options = { .wished_false_alarms = NAN };
    SyntheticPlan emulated = synthetic_plan_default, few = hardware_plan(), steal = hardware_plan(),
                  biased = hardware_plan(), broken = hardware_plan();
    g_autofree char *a = make_run(*state, "emulated.db", &emulated);
    g_autofree char *b = NULL;
    g_autofree char *c = NULL;
    g_autofree char *d = NULL;
    g_autofree char *e = NULL;

    few.repeats = 2;
    steal.wrong_steal = 0.1;
    biased.fidelity_ratio = 0.9;
    broken.state = "interrupted";
    b = make_run(*state, "few.db", &few);
    c = make_run(*state, "steal.db", &steal);
    d = make_run(*state, "biased.db", &biased);
    e = make_run(*state, "broken.db", &broken);
    assert_refused(a, &options, "emulated");
    assert_refused(b, &options, "fewer than three repeats");
    assert_refused(c, &options, "steal check");
    assert_refused(d, &options, "fidelity");
    assert_refused(e, &options, "not complete");
}

static void
emulated_thresholds_are_marked_and_match_emulated_data_alone(void **state)
{
    SyntheticPlan plan = synthetic_plan_default, silicon = hardware_plan();
    g_autofree char *path = make_run(*state, "a.db", &plan);
    g_autofree char *other = make_run(*state, "b.db", &silicon);
    const LearnOptions options = { .wished_false_alarms = NAN, .allow_emulated = true };
    g_autoptr(GArray) thresholds = NULL;
    g_autoptr(Judgement) here = NULL;
    g_autoptr(Judgement) there = NULL;

    assert_ok((thresholds = learn_thresholds((char *[]){ path, NULL }, &options, &error_)));
    assert_string_equal(g_array_index(thresholds, Threshold, 0).key.counters, "emulated");
    assert_string_equal(g_array_index(thresholds, Threshold, 0).key.cpu_model, "emupmu");
    assert_ok((here = judge_dataset(path, thresholds, NULL, &error_)));
    assert_ok((there = judge_dataset(other, thresholds, NULL, &error_)));
    assert_int_equal(here->judge.match, MATCH_EXACT);
    assert_int_equal(there->judge.match, MATCH_NONE);
    assert_int_equal(there->judge.known, 0);
    assert_false(judge_is_overcommitted(&there->judge));
}

static void
holding_out_loads_takes_two_of_them(void **state)
{
    SyntheticPlan plan = hardware_plan();
    g_autofree char *path = make_run(*state, "a.db", &plan);
    const LearnOptions options = { .hold_out = HOLD_OUT_LOADS, .wished_false_alarms = NAN };

    assert_refused(path, &options, "at least two");
}

static void
a_file_comes_back_as_it_went(void **state)
{
    const DatasetPlace *place = *state;
    SyntheticPlan plan = hardware_plan();
    g_autofree char *run = make_run(place, "a.db", &plan);
    g_autofree char *path = g_build_filename(place->dir, "t.json", NULL);
    const LearnOptions options = { .wished_false_alarms = 0.05 };
    g_autoptr(GArray) thresholds = NULL;
    g_autoptr(GArray) again = NULL;
    g_autofree char *text = NULL;
    g_autofree char *text_again = NULL;

    assert_ok((thresholds = learn_thresholds((char *[]){ run, NULL }, &options, &error_)));
    text = thresholds_document(thresholds);
    assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_ok((again = thresholds_load(path, &error_)));
    text_again = thresholds_document(again);
    assert_string_equal(text, text_again);
}

static void
a_wrong_file_is_refused_with_its_path(void **state)
{
    static const struct {
        const char *text, *because;
    } wrong[] = {
        { "{\"format\": 2, \"entries\": []}", "$.format" },
        { "{\"format\": 1}", "“entries” is missing" },
        { "{\"format\": 1, \"entries\": [{\"estimator\": \"guess\"}]}", "$.entries[0].estimator" },
        { "{\"format\": 1, \"entries\": [{\"estimator\": \"cpi\", \"truth\": \"vp\", "
          "\"direction\": "
          "\"up\", \"threshold\": 1}]}",
          "$.entries[0].direction" },
        { "{\"format\": 1, \"entries\": [{\"estimator\": \"cpi\", \"truth\": \"vp\", "
          "\"direction\": "
          "\"above\", \"threshold\": \"x\"}]}",
          "$.entries[0].threshold" },
    };
    const DatasetPlace *place = *state;

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *path = g_build_filename(place->dir, "t.json", NULL);
        g_autoptr(GError) error = NULL;

        assert_true(g_file_set_contents(path, wrong[i].text, -1, NULL));
        assert_null(thresholds_load(path, &error));
        if (!strstr(error->message, wrong[i].because))
            fail_msg("“%s” says not “%s”", error->message, wrong[i].because);
    }
}

static void
the_match_is_as_close_as_is_known(void **state)
{
    const ThresholdKey key = { (char *) "X", (char *) "0x1xx", (char *) "a=b", (char *) "stress",
                               (char *) "hardware" };
    ThresholdKey here = key;

    assert_int_equal(threshold_match(&key, &here), MATCH_EXACT);
    here.load = NULL;
    assert_int_equal(threshold_match(&key, &here), MATCH_MODEL);
    here = key;
    here.microcode = (char *) "0x2xx";
    assert_int_equal(threshold_match(&key, &here), MATCH_MODEL);
    here = key;
    here.mitigations = (char *) "a=c";
    assert_int_equal(threshold_match(&key, &here), MATCH_NONE);
    here = key;
    here.cpu_model = NULL;
    assert_int_equal(threshold_match(&key, &here), MATCH_NONE);
    here = key;
    here.counters = (char *) "emulated";
    assert_int_equal(threshold_match(&key, &here), MATCH_NONE);
}

static void
judges_window_by_window(void **state)
{
    SyntheticPlan plan = hardware_plan();
    g_autofree char *path = make_run(*state, "a.db", &plan);
    const LearnOptions options = { .wished_false_alarms = NAN };
    g_autoptr(GArray) thresholds = NULL;
    g_autoptr(Judgement) judgement = NULL;

    assert_ok((thresholds = learn_thresholds((char *[]){ path, NULL }, &options, &error_)));
    assert_ok((judgement = judge_dataset(path, thresholds, "branch_misses_per_cycle", &error_)));
    /* Steps 150 and 200 of five are over; the boundary is flat in this shape. */
    assert_int_equal(judgement->windows->len, 300);
    assert_near(judgement->judge.overcommitted, 120, 6);
    assert_false(judge_is_overcommitted(&judgement->judge));
}

static void
make_silent(const char *path)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "update guest_sample set canary_branches = 0, "
                                  "canary_misses = 0",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    sqlite3_close(db);
}

/* The columns of the canary are there, and hold zeros: 0 of 0 is no number to judge by. */
static void
judges_without_a_canary_by_something_else(void **state)
{
    SyntheticPlan plan = hardware_plan();
    g_autofree char *path = make_run(*state, "a.db", &plan);
    const LearnOptions options = { .wished_false_alarms = NAN };
    g_autoptr(GArray) thresholds = NULL;
    g_autoptr(Judgement) judgement = NULL;
    Threshold canary;

    assert_ok((thresholds = learn_thresholds((char *[]){ path, NULL }, &options, &error_)));
    canary = (Threshold){ .key = threshold_key_copy(&g_array_index(thresholds, Threshold, 0).key),
                          .estimator = estimator_find("canary_miss_rate"),
                          .truth = g_strdup("vp"),
                          .above = true,
                          .heldout_sensitivity = 1,
                          .heldout_specificity = 1 };
    g_array_append_val(thresholds, canary);
    make_silent(path);
    assert_ok((judgement = judge_dataset(path, thresholds, NULL, &error_)));
    assert_string_not_equal(judgement->judge.threshold->estimator->name, "canary_miss_rate");
    assert_int_equal(judgement->judge.known, judgement->windows->len);
}

static void
rules_hold_no_templates_and_no_useless_numbers(void **state)
{
    SyntheticPlan plan = hardware_plan();
    g_autofree char *path = make_run(*state, "a.db", &plan);
    const LearnOptions options = { .wished_false_alarms = NAN };
    g_autoptr(GArray) thresholds = NULL;
    g_autofree char *rules = NULL;
    guint skipped;

    assert_ok((thresholds = learn_thresholds((char *[]){ path, NULL }, &options, &error_)));
    g_free(g_array_index(thresholds, Threshold, 0).key.cpu_model);
    g_array_index(thresholds, Threshold, 0).key.cpu_model = g_strdup("evil {{ .Value }} \"\n- x");
    rules = rules_document(thresholds, &skipped);
    assert_non_null(strstr(rules, "node_perf_branch_misses_total"));
    assert_null(strstr(rules, "{{ .Value"));
    assert_non_null(strstr(rules, "\\\"\\n- x"));
    /* Cache misses tell nothing in this run. */
    assert_null(strstr(rules, "\"cache_misses_per_cycle\""));
    assert_true(skipped > 0);
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(learns_a_planted_threshold_and_scores_it_held_out),
        IN_A_PLACE(refuses_what_cannot_be_trusted),
        IN_A_PLACE(emulated_thresholds_are_marked_and_match_emulated_data_alone),
        IN_A_PLACE(holding_out_loads_takes_two_of_them),
        IN_A_PLACE(a_file_comes_back_as_it_went),
        IN_A_PLACE(a_wrong_file_is_refused_with_its_path),
        cmocka_unit_test(the_match_is_as_close_as_is_known),
        IN_A_PLACE(judges_window_by_window),
        IN_A_PLACE(judges_without_a_canary_by_something_else),
        IN_A_PLACE(rules_hold_no_templates_and_no_useless_numbers),
    };

    return cmocka_run_group_tests_name("learn", tests, NULL, NULL);
}
