/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Planted VM exits as `hostctl stat` prints them and as `hostctl record` writes them. */
#include <stdio.h>
#include <string.h>

#include "common/pmu/stat_print.h"
#include "hostctl/record/recorder.h"
#include "hostctl/stat/stat_exits.h"
#include "tests/support/dataset_file.h"
#include "tests/support/fixture_copy.h"
#include "tests/support/needs.h"
#include "tests/support/stand_in_exits.h"

#define SLEEP_US 2000
#define HLT 12
#define IO 30

static Sysroot *root;

static char *
printed(void (*print)(FILE *, const StatWindow *, const StatStyle *), const StatWindow *window,
        const char *separator)
{
    const StatStyle style = { .perf = STAT_PERF_7_1, .separator = separator, .with_exits = true };
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    print(out, window, &style);
    fclose(out);
    return text;
}

static void
stat_has_a_row_for_each_reason_of_the_window(void **state)
{
    g_autoptr(Exits) exits = NULL;
    StatWindow window = { .domain = "web", .vcpu = 1 };
    StatExits *reasons;
    char *csv, *json, *end;

    assert_true(exits_open(root, &stand_in, &exits, NULL));
    assert_non_null(reasons = stat_exits_new(exits, gettid(), NULL));
    leave(EXIT_ISA_VMX, IO);
    enter();
    assert_true(exits_read(exits, NULL));
    assert_int_equal(stat_exits_rows(reasons, window.rows), 1);
    leave(EXIT_ISA_VMX, HLT);
    g_usleep(SLEEP_US);
    enter();
    leave(EXIT_ISA_SVM, 0x400);
    enter();
    leave(EXIT_ISA_SVM, 0x400);
    enter();
    assert_true(exits_read(exits, NULL));
    window.n_rows = stat_exits_rows(reasons, window.rows);
    assert_int_equal(window.n_rows, 2); /* I/O was in the window before */
    assert_string_equal(window.rows[0].name, "exits:HLT");
    assert_string_equal(window.rows[1].exit_reason, "npf");
    assert_int_equal((int) window.rows[1].value, 2);

    csv = printed(stat_print_csv, &window, ",");
    assert_non_null(strstr(csv, "1,,exits:HLT,0,100.00,"));
    assert_non_null(strstr(csv, ",msec away,web,1,host,tracepoint,"));
    end = g_strdup_printf(",%lu\n", window.rows[0].exit_time_ns);
    assert_non_null(strstr(csv, end));
    json = printed(stat_print_json, &window, NULL);
    assert_non_null(strstr(json, "\"exit-reason\" : \"npf\", \"exit-time-ns\" : "));
    g_free(end);
    free(csv);
    free(json);
    stat_exits_free(reasons);
}

static void
stat_adds_up_what_has_no_row_of_its_own(void **state)
{
    g_autoptr(Exits) exits = NULL;
    StatRow rows[STAT_EXIT_ROWS_MAX];
    StatExits *reasons;
    double sum = 0;

    assert_true(exits_open(root, &stand_in, &exits, NULL));
    assert_non_null(reasons = stat_exits_new(exits, gettid(), NULL));
    for (uint32_t i = 0; i < 2 * STAT_EXIT_ROWS_MAX; i++) {
        leave(EXIT_ISA_VMX, i);
        enter();
    }
    assert_true(exits_read(exits, NULL));
    assert_int_equal(stat_exits_rows(reasons, rows), STAT_EXIT_ROWS_MAX);
    for (int i = 0; i < STAT_EXIT_ROWS_MAX; i++)
        sum += rows[i].value;
    assert_int_equal((int) sum, 2 * STAT_EXIT_ROWS_MAX);
    assert_string_equal(rows[STAT_EXIT_ROWS_MAX - 1].name, "exits:others");
    stat_exits_free(reasons);
}

/* A guest of a fixture tree whose vCPU 0 has this thread's number. */
static char *
tree_with_this_thread(void)
{
    char *tree = fixture_copy("host-two-guests");
    g_autofree char *from = g_build_filename(tree, "proc/2101/task/2104", NULL);
    g_autofree char *to = g_strdup_printf("%s/proc/2101/task/%d", tree, gettid());

    assert_int_equal(rename(from, to), 0);
    return tree;
}

static void
a_record_has_the_exits_of_its_vcpus(void **state)
{
    static const char *const events[] = { "cycles", NULL }, *const domains[] = { "web-1", NULL };
    const DatasetPlace *place = *state;
    char *tree = tree_with_this_thread();
    g_autoptr(Sysroot) fixture = sysroot_new(tree);
    g_autoptr(Exits) exits = NULL;
    g_autoptr(Recorder) recorder = NULL;
    g_autofree char *why = NULL;
    RecordSetup setup = { .root = fixture, .source = COUNTER_SOURCE_SOFTWARE, .events = events };
    const RecorderOptions options = { .output = place->path,
                                      .domains = domains,
                                      .interval_ns = 20 * NS_PER_MS,
                                      .duration_ns = 100 * NS_PER_MS,
                                      .max_bytes = 64 << 20 };

    assert_true(exits_open(root, &stand_in, &exits, NULL));
    setup.exits = exits;
    assert_ok(recorder = recorder_new(&options, &setup, &error_));
    for (int i = 0; i < 7; i++) {
        leave(EXIT_ISA_SVM, 0x78);
        enter();
    }
    assert_ok(recorder_run(recorder, NULL, &why, &error_));
    assert_answer(place->path, "select count(distinct reason) from exit_sample", "1");
    assert_answer(place->path, "select count(*) from exit_sample", "2"); /* begin and end */
    assert_answer(place->path,
                  "select name || vcpu || reason || count || (time_ns > 0) from exit_sample"
                  " join guest on guest.id = guest_id where visit_id is not null limit 1",
                  "web-10hlt71");
    fixture_copy_free(tree);
}

static void
a_record_without_exits_says_why(void **state)
{
    static const char *const events[] = { "cycles", NULL }, *const domains[] = { NULL };
    const DatasetPlace *place = *state;
    g_autofree char *why = NULL;
    char *tree = fixture_copy("host-two-guests");
    g_autoptr(Sysroot) fixture = sysroot_new(tree);
    g_autoptr(Recorder) recorder = NULL;
    const RecordSetup setup = { .root = fixture,
                                .source = COUNTER_SOURCE_SOFTWARE,
                                .events = events,
                                .exits_problem = "no KVM here" };
    const RecorderOptions options = { .output = place->path,
                                      .domains = domains,
                                      .interval_ns = 20 * NS_PER_MS,
                                      .duration_ns = 40 * NS_PER_MS,
                                      .max_bytes = 64 << 20 };

    assert_ok(recorder = recorder_new(&options, &setup, &error_));
    assert_ok(recorder_run(recorder, NULL, &why, &error_));
    assert_answer(place->path, "select text from note where text like 'VM exits%'",
                  "VM exits are not recorded: no KVM here");
    assert_answer(place->path, "select count(*) > 0 from sched_sample", "1");
    fixture_copy_free(tree);
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_has_a_row_for_each_reason_of_the_window),
        cmocka_unit_test(stat_adds_up_what_has_no_row_of_its_own),
        IN_A_PLACE(a_record_has_the_exits_of_its_vcpus),
        IN_A_PLACE(a_record_without_exits_says_why),
    };
    g_autoptr(Exits) exits = NULL;
    g_autoptr(GError) error = NULL;
    int code;

    if (!machine_has("root"))
        return TEST_SKIPPED;
    root = sysroot_new("/");
    if (!exits_open(root, &stand_in, &exits, &error)) {
        print_message("# SKIP: %s\n", error->message);
        return TEST_SKIPPED;
    }
    g_clear_pointer(&exits, exits_close);
    code = cmocka_run_group_tests(tests, NULL, NULL);
    sysroot_free(root);
    return code;
}
