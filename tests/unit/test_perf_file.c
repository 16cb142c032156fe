/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/perf_file.h"

#include "tests/support/near.h"

static PerfFile *
parse(const char *text, int cpu)
{
    GError *error = NULL;
    PerfFile *file = perf_file_parse("x.csv", text, cpu, &error);

    if (!file)
        fail_msg("%s", error->message);
    return file;
}

static const PerfWindow *
window(const PerfFile *file, guint i)
{
    return &g_array_index(file->windows, PerfWindow, i);
}

static void
windows_follow_one_another(void **state)
{
    g_autoptr(PerfFile) file =
        parse("1.001,100,,cycles,9,100.00,,\n1.001,7,,branch-misses,9,100.00,,\n"
              "2.003,110,,cycles,9,100.00,,\n2.003,8,,branch-misses,9,50.00,,\n",
              -1);

    assert_int_equal(file->windows->len, 2);
    assert_near(window(file, 1)->start_seconds, 1.001, 0);
    assert_near(window(file, 1)->end_seconds, 2.003, 0);
    assert_near(window(file, 1)->value[perf_file_event(file, "branch-misses")], 8, 0);
    assert_near(window(file, 1)->running_percent[perf_file_event(file, "branch-misses")], 50, 0);
    assert_int_equal(perf_file_event(file, "instructions"), -1);
}

static void
cpus_add_up_or_are_picked(void **state)
{
    const char *text = "1.0,CPU0,10,,cycles,9,100.00,,\n1.0,CPU1,20,,cycles,9,80.00,,\n";
    g_autoptr(PerfFile) both = parse(text, -1);
    g_autoptr(PerfFile) one = parse(text, 1);

    assert_near(window(both, 0)->value[0], 30, 0);
    assert_near(window(both, 0)->running_percent[0], 80, 0);
    assert_near(window(one, 0)->value[0], 20, 0);
}

static void
an_uncounted_part_leaves_the_sum_unknown(void **state)
{
    g_autoptr(PerfFile) file =
        parse("1.0,CPU0,10,,cycles,9,100.00,,\n1.0,CPU1,<not counted>,,cycles,0,100.00,,\n", -1);

    assert_true(isnan(window(file, 0)->value[0]));
    assert_int_equal(window(file, 0)->state[0], PERF_NOT_COUNTED);
}

static void
names_of_one_event_are_one(void **state)
{
    g_autoptr(PerfFile) file = parse("1.0,10,,cpu-cycles:u,9,100.00,,\n"
                                     "1.0,3,,branch-instructions,9,100.00,,\n",
                                     -1);

    assert_int_equal(perf_file_event(file, "cycles"), 0);
    assert_int_equal(perf_file_event(file, "branches"), 1);
}

static void
without_intervals_the_file_is_one_window(void **state)
{
    g_autoptr(PerfFile) file =
        parse("10,,cycles,2500000000,100.00,,\n3,,branch-misses,2500000000,100.00,,\n", -1);

    assert_int_equal(file->windows->len, 1);
    assert_near(window(file, 0)->end_seconds, 2.5, 1e-12);
}

static void
what_the_program_printed_is_passed_over(void **state)
{
    g_autoptr(PerfFile) file = parse("stress: info: [3] dispatching hogs: 1 cpu, 4 io\n"
                                     "# started on Sat Nov 21 02:35:11 2026\n\n"
                                     "1.0,10,,cycles,9,100.00,,\n2.0,11,,cycles,9,100.00,,\n",
                                     -1);

    assert_int_equal(file->windows->len, 2);
    assert_int_equal(file->unknown_lines, 1);
    assert_true(file->started_wall_ns > 0);
}

static void
assert_refused(const char *text, const char *because)
{
    g_autoptr(GError) error = NULL;

    assert_null(perf_file_parse("x.csv", text, -1, &error));
    if (!strstr(error->message, because) || !strstr(error->message, "x.csv"))
        fail_msg("“%s” says not “%s”", error->message, because);
}

static void
refuses_what_perf_did_not_print(void **state)
{
    assert_refused("", "not what perf stat prints");
    assert_refused("a,b,c\n1,2,3\n", "not what perf stat prints");
    assert_refused("10,,cycles,9,100.00,,\n1.0,10,,cycles,9,100.00,,\n", ":2: a time, where");
    assert_refused("2.0,10,,cycles,9,100.00,,\n1.0,10,,cycles,9,100.00,,\n",
                   ":2: time goes backwards");
}

static void
refuses_too_many_events(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (int i = 0; i <= EVENT_MAX; i++)
        g_string_append_printf(text, "1.0,10,,event%d,9,100.00,,\n", i);
    assert_refused(text->str, "more than 16 events");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_follow_one_another),
        cmocka_unit_test(cpus_add_up_or_are_picked),
        cmocka_unit_test(an_uncounted_part_leaves_the_sum_unknown),
        cmocka_unit_test(names_of_one_event_are_one),
        cmocka_unit_test(without_intervals_the_file_is_one_window),
        cmocka_unit_test(what_the_program_printed_is_passed_over),
        cmocka_unit_test(refuses_what_perf_did_not_print),
        cmocka_unit_test(refuses_too_many_events),
    };

    return cmocka_run_group_tests_name("perf_file", tests, NULL, NULL);
}
