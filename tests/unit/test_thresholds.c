/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/threshold.h"

#include <string.h>

#include "common/judge/judge.h"
#include "tests/support/near.h"

#define ENTRY                                                                               \
    "{\"cpu_model\": \"X\", \"microcode\": \"0x1xx\", \"mitigations\": \"a=b\", \"load\": " \
    "\"stress\", \"counters\": \"hardware\", \"estimator\": \"cpi\", \"truth\": \"vp\", "   \
    "\"direction\": \"above\", \"threshold\": 2, \"heldout_sensitivity\": 0.9, "            \
    "\"heldout_specificity\": null, \"heldout\": \"repeat\", \"datasets\": []}"
#define DOCUMENT(entries) "{\"format\": 1, \"entries\": [" entries "]}"
#define WITH(member) \
    DOCUMENT("{\"estimator\": \"cpi\", \"truth\": \"vp\", \"direction\": \"above\", " member "}")

static const struct {
    const char *text, *because;
} wrong[] = {
    { "{\"format\": 2, \"entries\": []}", "t.json: $.format: 2 is out of range" },
    { "{\"format\": 1.0, \"entries\": []}", "t.json: $.format: want a whole number" },
    { "{\"entries\": []}", "t.json: $: the key “format” is missing" },
    { "{\"format\": 1}", "t.json: $: the key “entries” is missing" },
    { "{\"format\": 1, \"format\": 1, \"entries\": []}", "t.json: $.format: line 1" },
    { WITH("\"threshold\": 1, \"auc\": 0.9, \"auc\": 0.8"), "t.json: $.entries[0].auc: line 1" },
    { WITH("\"threshold\": 1, \"auc\": 1.5"), "$.entries[0].auc: 1.5 is out of range" },
    { WITH("\"threshold\": 1e999"), "$.entries[0].threshold: line 1" },
    { WITH("\"threshold\": 123456789012345678901234567890"), "$.entries[0].threshold: line 1" },
    { WITH("\"threshold\": NaN"), "t.json: $.entries[0].threshold: line 1" },
    { WITH("\"threshold\": \"1\""), "$.entries[0].threshold: want a number" },
    { WITH("\"threshold\": null"), "$.entries[0].threshold: want a number" },
    { WITH("\"auc\": 1"), "$.entries[0]: the key “threshold” is missing" },
    { WITH("\"threshold\": 1, \"cpu_model\": 7"), "$.entries[0].cpu_model: want a text" },
    { WITH("\"threshold\": 1, \"cpu_modell\": \"X\""), "did you mean “cpu_model”?" },
    { WITH("\"threshold\": 1, \"datasets\": [1]"), "$.entries[0].datasets[0]: want a text" },
    { DOCUMENT("{\"estimator\": \"guess\"}"), "$.entries[0].estimator: “guess” is no estimator" },
    { DOCUMENT("[]"), "$.entries[0]: want an object" },
    { "[]", "t.json: $: want an object" },
    { "7", "t.json: $: line 1" },
    { "", "t.json: $: line 1" },
    { DOCUMENT("") " x", "t.json: $: line 1" },
    { DOCUMENT("{\"load\": \"\\ud800\"}"), "t.json: not JSON: an escape" },
    { "{\"format\": 1, \"entries\": [/* none */]}", "t.json: not JSON: '/'" },
    { "\xff", "t.json: not UTF-8" },
};

static void
refuses_what_is_wrong_and_says_where(void **state)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) thresholds = thresholds_parse("t.json", wrong[i].text, -1, &error);

        if (thresholds)
            fail_msg("%s is taken", wrong[i].text);
        if (!strstr(error->message, wrong[i].because))
            fail_msg("“%s” says not “%s”", error->message, wrong[i].because);
    }
}

static void
refuses_what_nests_too_deep(void **state)
{
    g_autofree char *open = g_strnfill(70, '[');
    g_autoptr(GError) error = NULL;

    assert_null(thresholds_parse("t.json", open, -1, &error));
    assert_non_null(strstr(error->message, "deeper than 64"));
}

static GArray *
one(void)
{
    GArray *thresholds = thresholds_parse("t.json", DOCUMENT(ENTRY), -1, NULL);

    assert_non_null(thresholds);
    return thresholds;
}

static void
takes_what_is_right(void **state)
{
    g_autoptr(GArray) thresholds = one();
    const Threshold *threshold = &g_array_index(thresholds, Threshold, 0);

    assert_int_equal(thresholds->len, 1);
    assert_string_equal(threshold->estimator->name, "cpi");
    assert_string_equal(threshold->key.load, "stress");
    assert_near(threshold->heldout_sensitivity, 0.9, 0);
    assert_true(isnan(threshold->heldout_specificity) && isnan(threshold->auc));
    assert_int_equal(g_strv_length(threshold->datasets), 0);
}

static const ThresholdKey guest = { .cpu_model = (char *) "X", .hypervisor = (char *) "KVM" };

static JudgedWindow
judged(const ThresholdKey *here, double cycles)
{
    static const char *const events[] = { "cycles", "instructions" };
    g_autoptr(GArray) thresholds = one();
    GuestView view = guest_view_of(1, events, (const double[]){ cycles, 10 }, 2);
    Judge judge = judge_new(thresholds, here, NULL, ~0u);

    return judge_window(&judge, 0, &view);
}

static void
the_verdict_is_strictly_beyond_the_threshold(void **state)
{
    assert_int_equal(judged(&guest, 20).verdict, VERDICT_FINE);
    assert_int_equal(judged(&guest, 20.001).verdict, VERDICT_OVERCOMMITTED);
    assert_null(judged(&guest, 20).reason);
    assert_int_equal(judged(&guest, NAN).verdict, VERDICT_UNKNOWN);
    assert_string_equal(judged(&guest, NAN).reason, "not counted in this window");
}

static const struct {
    ThresholdKey here;
    const char *reason;
} strangers[] = {
    { { NULL }, "the CPU model is not known" },
    { { .cpu_model = (char *) "Y" }, "another CPU model" },
    { { .cpu_model = (char *) "X", .counters = (char *) "emulated" }, "the counters are emulated" },
    { { .cpu_model = (char *) "X", .mitigations = (char *) "a=c" }, "other mitigations" },
    { { .cpu_model = (char *) "X", .load = (char *) "make" }, "another load" },
    { { .cpu_model = (char *) "X", .hypervisor = (char *) "VMware" }, "the hypervisor is not KVM" },
    { { .cpu_model = (char *) "X", .hypervisor = (char *) "none" }, "the hypervisor is not KVM" },
};

static void
a_stranger_gets_no_verdict_and_hears_why(void **state)
{
    for (guint i = 0; i < G_N_ELEMENTS(strangers); i++) {
        JudgedWindow window = judged(&strangers[i].here, 50);

        assert_int_equal(window.verdict, VERDICT_UNKNOWN);
        assert_string_equal(window.reason, strangers[i].reason);
        assert_near(window.value, 5, 0);
    }
}

static void
without_a_fitting_estimator_there_is_no_verdict(void **state)
{
    g_autoptr(GArray) thresholds = one();
    GuestView view = guest_view_of(1, NULL, NULL, 0);
    Judge judge = judge_new(thresholds, &guest, NULL, estimators_able(&view));
    JudgedWindow window = judge_window(&judge, 3, &view);
    g_autofree char *json = judged_window_json(&judge, &window);

    assert_string_equal(window.reason, "no threshold fits the counts that are there");
    assert_string_equal(json, "{\"t_seconds\": 3, \"estimator\": null, \"value\": null, "
                              "\"threshold\": null, \"match\": \"none\", \"verdict\": "
                              "\"unknown\"}");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_wrong_and_says_where),
        cmocka_unit_test(refuses_what_nests_too_deep),
        cmocka_unit_test(takes_what_is_right),
        cmocka_unit_test(the_verdict_is_strictly_beyond_the_threshold),
        cmocka_unit_test(a_stranger_gets_no_verdict_and_hears_why),
        cmocka_unit_test(without_a_fitting_estimator_there_is_no_verdict),
    };

    return cmocka_run_group_tests_name("thresholds", tests, NULL, NULL);
}
