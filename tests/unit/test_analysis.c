/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/analysis.h"

#include <json-glib/json-glib.h>

#include "correlate/report/json_document.h"
#include "correlate/report/text_document.h"
#include "tests/support/analysed_run.h"
#include "tests/support/near.h"

static void
both_sides_agree_through_two_clocks(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = analyse(*state, &plan);
    ClockSummary clock = clock_table_summary(analysis->clocks);

    assert_int_equal(clock.method, CLOCK_PING);
    assert_near(clock.drift_ppm, plan.clock_drift_ppm, 0.5);
    assert_int_equal(clock.steps, 0);
    assert_int_equal(analysis->fidelity->len, 5);
    for (guint i = 0; i < 5; i++) {
        const FidelityRow *row = &g_array_index(analysis->fidelity, FidelityRow, i);

        assert_near(row->median_ratio, 1, 1e-3);
        assert_near(row->slope, 1, 5e-3);
        assert_int_equal(row->verdicts[VERDICT_OK], row->windows);
        assert_false(row->independent);
    }
    assert_true(analysis_passes(analysis));
}

static void
a_biased_counter_shows_its_bias(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;

    plan.fidelity_ratio = 0.9;
    analysis = analyse(*state, &plan);
    assert_near(fidelity_of(analysis, "branch-misses")->median_ratio, 0.9, 1e-3);
    assert_near(fidelity_of(analysis, "branch-misses")->bias_percent, -200 * 0.1 / 1.9, 0.05);
    assert_non_null(fidelity_of(analysis, "branch-misses")->cause);
    assert_near(fidelity_of(analysis, "cycles")->median_ratio, 1, 1e-3);
    assert_false(analysis_passes(analysis));
}

static void
the_worst_windows_are_listed(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;
    g_autofree char *text = NULL;

    plan.fidelity_ratio = 0.9;
    analysis = analyse(*state, &plan);
    text = text_document(analysis);
    assert_non_null(strstr(text, "Windows furthest from 1"));
    assert_near(fidelity_of(analysis, "branch-misses")->worst[0].ratio, 0.9, 0.02);
}

/* What a kernel with a mediated vPMU leaves in the dataset: no count of guest mode. */
static void
a_host_that_does_not_count_is_explained(void **state)
{
    const DatasetPlace *place = *state;
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;
    g_autofree char *done = NULL;

    plan.counters = "hardware";
    plan.accelerator = "kvm";
    assert_ok(synthetic_run_write(&plan, place->path, &error_));
    done = dataset_ask(place->path, "update host_sample set cycles = NULL");
    assert_ok((analysis = analysis_new(place->path, &error_)));
    assert_int_equal(fidelity_of(analysis, "cycles")->windows, 0);
    assert_non_null(strstr(fidelity_of(analysis, "cycles")->cause, "mediated"));
    assert_null(fidelity_of(analysis, "branches")->cause);
}

static void
windows_that_are_no_evidence_are_counted_by_reason(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;
    guint64 windows;

    plan.lost_ratio = 0.05;
    plan.restart = true;
    analysis = analyse(*state, &plan);
    windows = fidelity_of(analysis, "cycles")->windows;
    /* 30 visits: 3 s of settling, 12 s measured of which 2 s belong to the load's first 5 s. */
    assert_int_equal(analysis->excluded.windows[EXCLUDED_SETTLING], 30 * 3);
    assert_int_equal(analysis->excluded.windows[EXCLUDED_LOAD_START], 30 * 2);
    assert_true(analysis->excluded.windows[EXCLUDED_LOST] > 10);
    assert_true(analysis->excluded.windows[EXCLUDED_RESTART] >= 1);
    assert_int_equal(windows + analysis->excluded.windows[EXCLUDED_LOST] +
                         analysis->excluded.windows[EXCLUDED_RESTART] +
                         analysis->excluded.windows[EXCLUDED_PARTIAL],
                     30 * 10);
}

static void
a_jump_of_the_clock_does_not_spoil_the_fidelity(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;

    plan.clock_step_ms = 80;
    analysis = analyse(*state, &plan);
    assert_int_equal(clock_table_summary(analysis->clocks).steps, 1);
    assert_near(fidelity_of(analysis, "branch-misses")->median_ratio, 1, 1e-3);
}

static void
the_planted_shape_is_found_by_the_estimator_it_was_planted_in(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = analyse(*state, &plan);
    const EvaluationRow *branch =
        evaluation_find(analysis->estimators, "branch_misses_per_cycle", "noisy", TRUTH_VP);
    const EvaluationRow *cache =
        evaluation_find(analysis->estimators, "cache_misses_per_cycle", "noisy", TRUTH_VP);

    assert_true(branch->primary);
    assert_true(isnan(branch->p_holm));
    assert_true(branch->auc > 0.99);
    assert_true(branch->threshold > 15 * 1.05 && branch->threshold < 15 * 1.3);
    assert_true(branch->p_value < 0.02);
    assert_true(cache->auc_low < 0.5 && cache->auc_high > 0.5);
    assert_true(cache->p_holm > 0.05);
}

static void
boundary_visits_are_left_out_of_the_classes(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = analyse(*state, &plan);
    const TruthBaseline none = { NAN };

    for (guint i = 0; i < analysis->visits->visits->len; i++) {
        const Visit *visit = analysis->visits->visits->pdata[i];
        int label =
            truth_label(TRUTH_VP, visit, &g_array_index(visit->kept, WindowValues, 0), &none);

        assert_int_equal(label, visit->vp_percent == 100 ? -1 : visit->vp_percent > 100);
    }
}

static void
one_repeat_is_exploratory_and_has_no_interval(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = NULL;
    const EvaluationRow *row;

    plan.repeats = 1;
    analysis = analyse(*state, &plan);
    row = evaluation_primary(analysis->estimators);
    assert_true(row->exploratory);
    assert_false(isnan(row->auc));
    assert_true(isnan(row->auc_low));
    assert_int_equal(row->shape.shape, SHAPE_UNDECIDED);
    assert_non_null(strstr(analysis->answer, "xploratory"));
    assert_non_null(strstr(analysis->answer, "emulated"));
}

/* The keys that others rely on, in order; "…" stands for what one element holds. */
static const char *const keys[] = { "format",  "dataset",    "counters",    "environment",
                                    "answer",  "clock",      "steal_check", "fidelity",
                                    "turns",   "estimators", "controls",    "isolation",
                                    "swapped", "excluded",   NULL };
static const char *const estimator_keys[] = {
    "name",
    "condition",
    "truth",
    "independent",
    "exploratory",
    "visits",
    "windows",
    "spearman",
    "spearman_within_step",
    "auc",
    "auc_low",
    "auc_high",
    "threshold",
    "sensitivity",
    "specificity",
    "false_alarm_ratio",
    "detection_delay_seconds",
    "shape",
    "knee_vp_percent",
    "knee_low",
    "knee_high",
    "p_value",
    "p_holm",
    NULL,
};
static const char *const fidelity_keys[] = { "guest",
                                             "vcpu",
                                             "event",
                                             "independent",
                                             "windows",
                                             "median_ratio",
                                             "bias_percent",
                                             "loa_low_percent",
                                             "loa_high_percent",
                                             "verdicts",
                                             NULL };
static const char *const steal_keys[] = {
    "condition",      "vp_percent",     "load_percent", "core_percent", "repeat",
    "expected_ratio", "measured_ratio", "micro_ratio",  "pass",         NULL
};
static const char *const clock_keys[] = { "method", "bound_ns", "drift_ppm", NULL };

static void
assert_keys(JsonObject *object, const char *const *want)
{
    g_autoptr(GList) members = json_object_get_members(object);
    guint n = g_strv_length((char **) want);

    assert_int_equal(g_list_length(members), n);
    for (guint i = 0; i < n; i++)
        if (!json_object_has_member(object, want[i]))
            fail_msg("no key “%s”", want[i]);
}

static void
the_document_has_the_agreed_keys_and_no_others(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = analyse(*state, &plan);
    g_autofree char *text = json_document(analysis);
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    JsonObject *object = json_node_get_object(root);

#define FIRST(key) json_array_get_object_element(json_object_get_array_member(object, key), 0)
    assert_keys(object, keys);
    assert_keys(FIRST("estimators"), estimator_keys);
    assert_keys(FIRST("fidelity"), fidelity_keys);
    assert_keys(FIRST("steal_check"), steal_keys);
    assert_keys(json_object_get_object_member(object, "clock"), clock_keys);
    assert_string_equal(json_object_get_string_member(object, "counters"), "emulated");
    assert_int_equal(json_object_get_int_member(object, "format"), 1);
#undef FIRST
}

static void
the_text_names_every_visit_and_every_reason(void **state)
{
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(Analysis) analysis = analyse(*state, &plan);
    g_autofree char *text = text_document(analysis);

    assert_non_null(strstr(text, "passed"));
    assert_non_null(strstr(text, "load_start"));
    assert_non_null(strstr(text, "branch_misses_per_cycle"));
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(both_sides_agree_through_two_clocks),
        IN_A_PLACE(a_biased_counter_shows_its_bias),
        IN_A_PLACE(the_worst_windows_are_listed),
        IN_A_PLACE(a_host_that_does_not_count_is_explained),
        IN_A_PLACE(windows_that_are_no_evidence_are_counted_by_reason),
        IN_A_PLACE(a_jump_of_the_clock_does_not_spoil_the_fidelity),
        IN_A_PLACE(the_planted_shape_is_found_by_the_estimator_it_was_planted_in),
        IN_A_PLACE(boundary_visits_are_left_out_of_the_classes),
        IN_A_PLACE(one_repeat_is_exploratory_and_has_no_interval),
        IN_A_PLACE(the_document_has_the_agreed_keys_and_no_others),
        IN_A_PLACE(the_text_names_every_visit_and_every_reason),
    };

    return cmocka_run_group_tests_name("analysis", tests, NULL, NULL);
}
