/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/option_parse.h"

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static bool
parse(const char *word, GError **error)
{
    gboolean json = FALSE;
    int seconds = 0;
    const GOptionEntry entries[] = {
        { "json", 'j', 0, G_OPTION_ARG_NONE, &json, "Print one JSON document", NULL },
        { "for", 0, 0, G_OPTION_ARG_INT, &seconds, "End after so many seconds", "SECONDS" },
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("FILE - something");
    g_auto(GStrv) words = g_new0(char *, 3);

    words[0] = g_strdup("program");
    words[1] = g_strdup(word);
    g_option_context_add_main_entries(context, entries, NULL);
    return option_parse_strv(context, &words, error);
}

static void
a_slip_of_the_pen_is_answered_with_the_nearest_option(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_false(parse("--jsn", &error));
    assert_string_equal(error->message, "no option “--jsn”; did you mean “--json”?");
    assert_int_equal(failure_exit_code(error), FAILURE_EXIT_USAGE);
}

static void
a_value_is_no_part_of_the_name(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_false(parse("--fro=10", &error));
    assert_null(strstr(error->message, "10"));
    assert_non_null(strstr(error->message, "did you mean “--for”"));
}

static void
what_is_near_to_nothing_is_named_alone(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_false(parse("--colour", &error));
    assert_non_null(strstr(error->message, "--colour"));
    assert_null(strstr(error->message, "did you mean"));
    assert_int_equal(failure_exit_code(error), FAILURE_EXIT_USAGE);
}

static void
what_is_right_stays_so(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_true(parse("--for=10", &error));
    assert_null(error);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slip_of_the_pen_is_answered_with_the_nearest_option),
        cmocka_unit_test(a_value_is_no_part_of_the_name),
        cmocka_unit_test(what_is_near_to_nothing_is_named_alone),
        cmocka_unit_test(what_is_right_stays_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
