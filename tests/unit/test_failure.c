/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/failure.h"

#include <errno.h>

#include "tests/support/cmocka_all.h"

static void
sets_code_and_message_and_returns_false(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_false(failure_set(&error, FAILURE_UNSUPPORTED, "guest %s: no %d", "a", 7));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
    assert_string_equal(error->message, "guest a: no 7");
}

static void
appends_the_reason_of_errno(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_false(failure_set_errno(&error, ENOENT, "/proc/%d", 1));
    assert_true(g_error_matches(error, FAILURE, FAILURE_FAILED));
    assert_string_equal(error->message, "/proc/1: No such file or directory");
}

static void
does_without_an_error_to_set(void **state)
{
    assert_false(failure_set(NULL, FAILURE_FAILED, "lost"));
    assert_false(failure_set_errno(NULL, EIO, "lost"));
}

static void
each_code_has_its_exit_code(void **state)
{
    static const struct {
        FailureCode code;
        int exit_code;
    } cases[] = {
        { FAILURE_FAILED, 1 },      { FAILURE_USAGE, 2 },       { FAILURE_NO, 3 },
        { FAILURE_INTERRUPTED, 1 }, { FAILURE_UNSUPPORTED, 1 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        failure_set(&error, cases[i].code, "why");
        assert_int_equal(failure_exit_code(error), cases[i].exit_code);
    }
}

static void
wrong_option_is_wrong_usage(void **state)
{
    g_autoptr(GError) error = g_error_new(G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, "--x");

    assert_int_equal(failure_exit_code(error), 2);
}

static void
foreign_error_is_a_plain_failure(void **state)
{
    g_autoptr(GError) error = g_error_new(G_FILE_ERROR, G_FILE_ERROR_IO, "disk");

    assert_int_equal(failure_exit_code(error), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_code_and_message_and_returns_false),
        cmocka_unit_test(appends_the_reason_of_errno),
        cmocka_unit_test(does_without_an_error_to_set),
        cmocka_unit_test(each_code_has_its_exit_code),
        cmocka_unit_test(wrong_option_is_wrong_usage),
        cmocka_unit_test(foreign_error_is_a_plain_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
