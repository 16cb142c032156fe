/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/options.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/near.h"

/* The words of a command line, split at blanks. */
static bool
parse(const char *line, Options *options, GError **error)
{
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);

    return options_parse((int) g_strv_length(argv), argv, options, error);
}

static void
parse_well(const char *line, Options *options)
{
    g_autoptr(GError) error = NULL;

    if (!parse(line, options, &error))
        fail_msg("%s: %s", line, error->message);
}

static void
counts_the_whole_guest_without_words(void **state)
{
    g_auto(Options) options = { 0 };

    parse_well("guestprobe", &options);
    assert_null(options.command[0]);
    assert_string_equal(options.events[0], "task-clock");
    assert_int_equal(g_strv_length(options.events), 7);
    assert_int_equal(options.source, COUNTER_SOURCE_AUTO);
    assert_int_equal(options.interval_ms, 0);
    assert_null(options.separator);
}

static void
takes_what_is_written_for_perf(void **state)
{
    g_auto(Options) options = { 0 };

    parse_well("guestprobe -x, -I1000 -e cycles,instructions:u -e r00c5 stress -c 1 -e x",
               &options);
    assert_string_equal(options.separator, ",");
    assert_int_equal(options.interval_ms, 1000);
    assert_int_equal(g_strv_length(options.events), 3);
    assert_string_equal(options.events[1], "instructions:u");
    assert_string_equal(options.events[2], "r00c5");
    assert_int_equal(g_strv_length(options.command), 5);
    assert_string_equal(options.command[0], "stress");
    assert_string_equal(options.command[3], "-e");
}

static void
takes_a_command_behind_two_dashes(void **state)
{
    g_auto(Options) options = { 0 };

    parse_well("guestprobe -a -j --for 2.5 --source=software -o out.json -- -odd -I7", &options);
    assert_true(options.all_cpus);
    assert_true(options.json);
    assert_near(options.for_seconds, 2.5, 0);
    assert_int_equal(options.source, COUNTER_SOURCE_SOFTWARE);
    assert_string_equal(options.output, "out.json");
    assert_string_equal(options.command[0], "-odd");
    assert_string_equal(options.command[1], "-I7");
}

static void
serves_an_agent(void **state)
{
    g_auto(Options) options = { 0 };

    parse_well("guestprobe --agent --port /dev/vport0p1 --may-power-off", &options);
    assert_true(options.agent);
    assert_true(options.may_power_off);
    assert_string_equal(options.port, "/dev/vport0p1");
}

static void
a_textfile_is_written_each_15_seconds_unless_told_otherwise(void **state)
{
    g_auto(Options) usual = { 0 }, told = { 0 };
    g_autoptr(GError) error = NULL;

    assert_true(parse("guestprobe --textfile guest.prom", &usual, &error));
    assert_string_equal(usual.textfile, "guest.prom");
    assert_int_equal(usual.interval_ms, 15000);
    assert_true(parse("guestprobe --textfile=guest.prom -I 1000", &told, &error));
    assert_int_equal(told.interval_ms, 1000);
}

static const struct {
    const char *line;
    const char *says;
} mistakes[] = {
    { "guestprobe -Q", "-Q" },
    { "guestprobe --inteval-print 5", "--inteval-print" },
    { "guestprobe -I", "-I" },
    { "guestprobe -I 9", "-I “9”: want milliseconds, 10 to" },
    { "guestprobe -I 1s", "-I “1s”" },
    { "guestprobe --for 0", "--for “0”" },
    { "guestprobe --for -1", "--for" },
    { "guestprobe --for soon", "--for “soon”" },
    { "guestprobe --source silicon", "“silicon” is no source" },
    { "guestprobe -x , -j", "give one" },
    { "guestprobe --field-separator=", "the separator is empty" },
    { "guestprobe -e {cycles,instructions}", "leave the braces out" },
    { "guestprobe -e a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "more than 16 events" },
    { "guestprobe --agent -e cycles", "--agent counts what the host asks for" },
    { "guestprobe --agent sleep 1", "--agent counts what the host asks for" },
    { "guestprobe --port /dev/null", "belong to --agent" },
    { "guestprobe --textfile guest.prom -j", "a format of its own" },
    { "guestprobe --textfile guest.prom sleep 1", "no command" },
    { "guestprobe --textfile guest.txt", "end in .prom" },
    { "guestprobe --agent --textfile guest.prom", "--agent counts what the host asks for" },
    { "guestprobe --facts -j", "--facts stands alone" },
};

static void
says_what_is_wrong_with_a_command_line(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
        g_auto(Options) options = { .interval_ms = -7 };
        g_autoptr(GError) error = NULL;

        assert_false(parse(mistakes[i].line, &options, &error));
        if (!strstr(error->message, mistakes[i].says))
            fail_msg("%s: %s", mistakes[i].line, error->message);
        assert_int_equal(failure_exit_code(error), 2);
        assert_int_equal(options.interval_ms, -7);
    }
}

static void
explains_every_option_in_help_and_manual(void **state)
{
    static const char *const names[] = { "event",       "all-cpus", "source",  "interval-print",
                                         "for",         "agent",    "port",    "field-separator",
                                         "json-output", "output",   "facts",   "may-power-off",
                                         "version",     "help",     "textfile" };
    g_autofree char *path =
        g_build_filename(g_getenv("TEST_DATA_DIR"), "..", "docs", "man", "guestprobe.md", NULL);
    g_autofree char *manual = NULL;
    char *help = NULL;
    size_t size;
    FILE *out = open_memstream(&help, &size);

    options_print_help(out);
    fclose(out);
    assert_true(g_file_get_contents(path, &manual, NULL, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *option = g_strdup_printf("--%s", names[i]);

        if (!strstr(help, option) || !strstr(manual, option))
            fail_msg("%s is not explained", option);
    }
    assert_non_null(strstr(help, "Examples:"));
    free(help);
}

static void
judges_only_what_it_is_told_to(void **state)
{
    static const struct {
        const char *line, *because;
    } wrong[] = {
        { "guestprobe --from w.csv", "belong to --judge" },
        { "guestprobe --load make", "belong to --judge" },
        { "guestprobe --judge t.json --from w.csv -I 1000", "--from counts nothing" },
        { "guestprobe --judge t.json --from w.csv stress", "--from counts nothing" },
        { "guestprobe --judge t.json --from w.csv -x,", "--from counts nothing" },
        { "guestprobe --judge t.json --estimator cpj", "did you mean “cpi”?" },
        { "guestprobe --judge t.json --agent", "--agent counts what the host asks for" },
        { "guestprobe --judge t.json --facts", "--facts stands alone" },
    };
    g_auto(Options) options = { 0 };

    parse_well("guestprobe --judge t.json --from w.csv -j -o out --estimator cpi --cpu-model X "
               "--load make",
               &options);
    assert_string_equal(options.judge, "t.json");
    assert_string_equal(options.from, "w.csv");
    assert_string_equal(options.cpu_model, "X");
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_auto(Options) none = { 0 };
        g_autoptr(GError) error = NULL;

        assert_false(parse(wrong[i].line, &none, &error));
        assert_int_equal(failure_exit_code(error), 2);
        if (!strstr(error->message, wrong[i].because))
            fail_msg("“%s” says not “%s”", error->message, wrong[i].because);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_only_what_it_is_told_to),
        cmocka_unit_test(counts_the_whole_guest_without_words),
        cmocka_unit_test(takes_what_is_written_for_perf),
        cmocka_unit_test(takes_a_command_behind_two_dashes),
        cmocka_unit_test(serves_an_agent),
        cmocka_unit_test(a_textfile_is_written_each_15_seconds_unless_told_otherwise),
        cmocka_unit_test(says_what_is_wrong_with_a_command_line),
        cmocka_unit_test(explains_every_option_in_help_and_manual),
    };

    return cmocka_run_group_tests_name("probe_options", tests, NULL, NULL);
}
