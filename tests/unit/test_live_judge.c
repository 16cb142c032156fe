/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/live_judge.h"

#include <string.h>
#include <unistd.h>

#include "common/pmu/stat_print.h"
#include "tests/support/golden.h"
#include "tests/support/near.h"

#define MODEL "Intel(R) \\\"Test\\\" CPU @ 2.50GHz"
#define ENTRY(estimator, threshold)                                                          \
    "{\"cpu_model\": \"" MODEL "\", \"load\": \"stress -c 1\", \"counters\": \"hardware\", " \
    "\"estimator\": \"" estimator "\", \"truth\": \"vp\", \"direction\": \"above\", "        \
    "\"threshold\": " threshold ", \"heldout_sensitivity\": 1, \"heldout_specificity\": 1}"
#define DOCUMENT \
    "{\"format\": 1, \"entries\": [" ENTRY("canary_miss_rate", "0") ", " ENTRY("cpi", "2") "]}"

static CpuidWords
on_kvm(uint32_t leaf)
{
    const uint32_t kvm[] = { 0x4b4d564b, 0x564b4d56, 0x4d };

    if (leaf == 1)
        return (CpuidWords){ .ecx = 1u << 31 };
    return leaf == 0x40000000 ? (CpuidWords){ 0x40000001, kvm[0], kvm[1], kvm[2] }
                              : (CpuidWords){ 0 };
}

static ThresholdKey
key_of_fixture(CounterSource source, const char *load)
{
    g_autofree char *path = fixture_path("guest-kvm");
    g_autoptr(Sysroot) root = sysroot_new(path);

    return guest_key(root, on_kvm, source, NULL, load);
}

static LiveJudge *
new_judge(ThresholdKey here)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("thresholds-XXXXXX", &path, NULL);
    LiveJudge *live;

    assert_int_equal(write(fd, DOCUMENT, strlen(DOCUMENT)), strlen(DOCUMENT));
    close(fd);
    live = live_judge_new(path, NULL, &here, NULL);
    unlink(path);
    assert_non_null(live);
    return live;
}

static StatWindow
window_of(double cycles, double instructions, int64_t end_ns)
{
    return (StatWindow){
        .end_ns = end_ns,
        .elapsed_ns = 1000000000,
        .n_rows = 2,
        .rows = { { .name = "cycles",
                    .event = event_find("cycles"),
                    .supported = true,
                    .value = cycles,
                    .running_ns = 1,
                    .enabled_ns = 1 },
                  { .name = "instructions",
                    .event = event_find("instructions"),
                    .supported = true,
                    .value = instructions,
                    .running_ns = 1,
                    .enabled_ns = 1 } },
    };
}

static void
a_guest_knows_its_cpu_and_its_hypervisor(void **state)
{
    ThresholdKey key = key_of_fixture(COUNTER_SOURCE_HARDWARE, "make");

    assert_string_equal(key.cpu_model, "Intel(R) \"Test\" CPU @ 2.50GHz");
    assert_string_equal(key.counters, "hardware");
    assert_string_equal(key.hypervisor, "KVM");
    assert_string_equal(key.load, "make");
    assert_null(key.mitigations);
    threshold_key_clear(&key);
}

static void
counters_of_the_model_belong_to_the_model(void **state)
{
    ThresholdKey key = key_of_fixture(COUNTER_SOURCE_EMULATED, NULL);

    assert_string_equal(key.cpu_model, "emupmu");
    assert_string_equal(key.counters, "emulated");
    assert_null(key.microcode);
    threshold_key_clear(&key);
}

/* The canary's threshold is as good, but nothing here sings. */
static void
judges_by_the_first_threshold_that_has_numbers(void **state)
{
    g_autoptr(LiveJudge) live = new_judge(key_of_fixture(COUNTER_SOURCE_HARDWARE, "stress -c 1"));
    StatWindow lost = window_of(NAN, NAN, 1000000000), fine = window_of(20, 10, 2000000000),
               over = window_of(30, 10, 3000000000);

    assert_int_equal(live_judge_window(live, &lost).verdict, VERDICT_UNKNOWN);
    assert_string_equal(lost.verdict->estimator, "");
    assert_int_equal(live_judge_window(live, &fine).verdict, VERDICT_FINE);
    assert_string_equal(fine.verdict->estimator, "cpi");
    assert_string_equal(fine.verdict->match, "model");
    assert_near(live_judge_window(live, &over).t_seconds, 2, 0);
    assert_string_equal(over.verdict->verdict, "overcommitted");
    assert_int_equal(live_judge_window(live, &lost).verdict, VERDICT_UNKNOWN);
    assert_string_equal(lost.verdict->reason, "not counted in this window");
    assert_true(judge_is_overcommitted(live_judge_state(live)));
    assert_int_equal(live_judge_state(live)->known, 2);
}

static void
another_load_gets_no_verdict(void **state)
{
    g_autoptr(LiveJudge) live = new_judge(key_of_fixture(COUNTER_SOURCE_HARDWARE, "make"));
    StatWindow over = window_of(30, 10, 1000000000);

    assert_int_equal(live_judge_window(live, &over).verdict, VERDICT_UNKNOWN);
    assert_string_equal(over.verdict->reason, "another load");
}

static char *
printed(void (*print)(FILE *, const StatWindow *, const StatStyle *), const StatWindow *window)
{
    const StatStyle style = { .with_time = true, .separator = "," };
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    print(out, window, &style);
    fclose(out);
    return text;
}

static void
the_verdict_stands_behind_perfs_columns_and_below_perfs_lines(void **state)
{
    g_autoptr(LiveJudge) live = new_judge(key_of_fixture(COUNTER_SOURCE_HARDWARE, NULL));
    StatWindow over = window_of(30, 10, 1000000000);
    char *csv, *table;

    live_judge_window(live, &over);
    csv = printed(stat_print_csv, &over);
    table = printed(stat_print_table, &over);
    assert_string_equal(csv, "     1.000000000,30,,cycles,1,100.00,,,cpi,3,2,model,overcommitted\n"
                             "     1.000000000,10,,instructions,1,100.00,,,cpi,3,2,model,"
                             "overcommitted\n");
    assert_non_null(strstr(table, "overcommitted      cpi 3, threshold 2, match: model\n"));
    free(csv);
    free(table);
}

/* What we print is what we read: the columns of the verdict are none of perf's. */
static void
the_judged_csv_can_be_judged_again(void **state)
{
    g_autoptr(LiveJudge) live = new_judge(key_of_fixture(COUNTER_SOURCE_HARDWARE, NULL));
    StatWindow over = window_of(30, 10, 1000000000);
    g_autoptr(PerfFile) file = NULL;
    char *csv;

    live_judge_window(live, &over);
    csv = printed(stat_print_csv, &over);
    file = perf_file_parse("again.csv", csv, -1, NULL);
    free(csv);
    assert_non_null(file);
    assert_int_equal(file->windows->len, 1);
    assert_near(g_array_index(file->windows, PerfWindow, 0).value[0], 30, 0);
    assert_near(g_array_index(file->windows, PerfWindow, 0).running_percent[1], 100, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guest_knows_its_cpu_and_its_hypervisor),
        cmocka_unit_test(counters_of_the_model_belong_to_the_model),
        cmocka_unit_test(judges_by_the_first_threshold_that_has_numbers),
        cmocka_unit_test(another_load_gets_no_verdict),
        cmocka_unit_test(the_verdict_stands_behind_perfs_columns_and_below_perfs_lines),
        cmocka_unit_test(the_judged_csv_can_be_judged_again),
    };

    return cmocka_run_group_tests_name("live_judge", tests, NULL, NULL);
}
