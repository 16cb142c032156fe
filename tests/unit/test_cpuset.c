/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/cpuset.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static void
assert_rewritten_as(const char *list, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *got = NULL;
    cpu_set_t set;

    if (!cpuset_parse(list, &set, &error))
        fail_msg("%s", error->message);
    got = cpuset_format(&set);
    assert_string_equal(got, want);
}

static void
reads_and_writes_the_kernels_lists(void **state)
{
    assert_rewritten_as("0", "0");
    assert_rewritten_as("0-3,8", "0-3,8");
    assert_rewritten_as("8, 0-1", "0-1,8");
    assert_rewritten_as("1023", "1023");
}

static void
joins_neighbours_and_forgets_doubles(void **state)
{
    assert_rewritten_as("0,1,2", "0-2");
    assert_rewritten_as("3,1-3,2", "1-3");
}

static void
writes_nothing_for_the_empty_set(void **state)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    g_autofree char *text = cpuset_format(&set);
    assert_string_equal(text, "");
}

static void
refuses_what_is_no_list_and_keeps_the_output(void **state)
{
    static const char *const broken[] = { "",      ",",   "0,",   "a",      "-1",  "3-1",
                                          "0-1-2", "0 1", "1024", "0-1024", "0x1", "1-" };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(7, &set);
        if (cpuset_parse(broken[i], &set, &error))
            fail_msg("“%s” was taken as a CPU list", broken[i]);
        assert_non_null(error);
        assert_int_equal(CPU_COUNT(&set), 1);
        assert_true(CPU_ISSET(7, &set));
    }
}

static void
names_the_list_it_could_not_read(void **state)
{
    g_autoptr(GError) error = NULL;
    cpu_set_t set;

    assert_false(cpuset_parse("0-x", &set, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_FAILED));
    assert_non_null(strstr(error->message, "0-x"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_the_kernels_lists),
        cmocka_unit_test(joins_neighbours_and_forgets_doubles),
        cmocka_unit_test(writes_nothing_for_the_empty_set),
        cmocka_unit_test(refuses_what_is_no_list_and_keeps_the_output),
        cmocka_unit_test(names_the_list_it_could_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
