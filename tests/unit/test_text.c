/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/text.h"

#include <string.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/near.h"

static void
reads_the_ends_of_the_integer_ranges(void **state)
{
    uint64_t u = 1;
    int64_t i = 1;

    assert_true(text_to_u64("0", &u, NULL));
    assert_int_equal(u, 0);
    assert_true(text_to_u64("18446744073709551615", &u, NULL));
    assert_true(u == UINT64_MAX);
    assert_true(text_to_i64("-9223372036854775808", &i, NULL));
    assert_true(i == INT64_MIN);
    assert_true(text_to_i64("9223372036854775807", &i, NULL));
    assert_true(i == INT64_MAX);
}

static void
refuses_what_is_not_wholly_an_unsigned_number(void **state)
{
    static const char *const broken[] = { "",    " 1",  "1 ",
                                          "+1",  "-1",  "0x1",
                                          "1.0", "one", "18446744073709551616" };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        uint64_t value = 42;

        if (text_to_u64(broken[i], &value, &error))
            fail_msg("“%s” was taken as a number", broken[i]);
        assert_non_null(error);
        assert_int_equal(value, 42);
    }
}

static void
refuses_what_is_not_wholly_a_signed_number(void **state)
{
    static const char *const broken[] = { "", " 1", "--1", "1-", "9223372036854775808" };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        int64_t value = 42;

        if (text_to_i64(broken[i], &value, NULL))
            fail_msg("“%s” was taken as a number", broken[i]);
        assert_int_equal(value, 42);
    }
}

static void
reads_decimal_numbers(void **state)
{
    double value = 0;

    assert_true(text_to_double("-12.5e-1", &value, NULL));
    assert_near(value, -1.25, 0);
    assert_true(text_to_double("3", &value, NULL));
    assert_near(value, 3, 0);
}

static void
refuses_what_is_not_a_finite_number(void **state)
{
    static const char *const broken[] = { "", " 1", "1 ", "1,5", "nan", "inf", "1e999", "x" };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        double value = 42;

        if (text_to_double(broken[i], &value, &error))
            fail_msg("“%s” was taken as a number", broken[i]);
        assert_non_null(error);
        assert_near(value, 42, 0);
    }
}

static void
says_sizes_as_people_do(void **state)
{
    static const struct {
        uint64_t kib;
        const char *text;
    } cases[] = {
        { 0, "0 KiB" },          { 512, "512 KiB" },
        { 3 * 1024, "3 MiB" },   { 130 * 1024 + 100, "130 MiB" },
        { 3 * 512, "1.5 MiB" },  { 3 * 512 * 1024, "1.5 GiB" },
        { 5ull << 30, "5 TiB" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = text_of_kib(cases[i].kib);

        assert_string_equal(text, cases[i].text);
    }
}

static void
reads_sizes_in_every_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t kib;
    } cases[] = {
        { "512K", 512 },      { "512KiB", 512 },         { "3M", 3 * 1024 },
        { "3MiB", 3 * 1024 }, { "2G", 2 * 1024 * 1024 }, { "2GiB", 2 * 1024 * 1024 },
        { "1T", 1ull << 30 }, { "1TiB", 1ull << 30 },    { "7", 7 * 1024 },
        { "0", 0 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        uint64_t kib = 42;

        assert_true(text_to_kib(cases[i].text, 1024, &kib, NULL));
        assert_int_equal(kib, cases[i].kib);
    }
}

static void
refuses_what_is_not_a_size(void **state)
{
    static const char *const broken[] = {
        "", "M", "-1M", "1 M", "1m", "1KB", "1.5G", "99999999999999999T", "18446744073709551615",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        uint64_t kib = 42;

        if (text_to_kib(broken[i], 1, &kib, &error))
            fail_msg("“%s” was taken as a size", broken[i]);
        assert_non_null(strstr(error->message, broken[i]));
        assert_int_equal(kib, 42);
    }
}

static void
assert_printed(const char *text, size_t max_bytes, const char *want)
{
    g_autofree char *got = text_printable(text, max_bytes);

    assert_string_equal(got, want);
}

static void
keeps_printable_text(void **state)
{
    assert_printed("", 10, "");
    assert_printed("plain text", 100, "plain text");
    assert_printed("für", 100, "für");
}

static void
escapes_what_would_move_a_terminal(void **state)
{
    assert_printed("a\033[2Jb\n", 100, "a\\x1b[2Jb\\x0a");
    assert_printed("\177", 100, "\\x7f");
}

static void
escapes_bytes_that_are_not_utf8(void **state)
{
    assert_printed("a\377b", 100, "a\\xffb");
    assert_printed("\303", 100, "\\xc3");
}

static void
stops_at_the_limit_even_inside_a_character(void **state)
{
    assert_printed("abcdef", 3, "abc");
    assert_printed("f\303\274r", 2, "f\\xc3");
}

static void
makes_each_line_of_a_message_safe_and_indents_the_next(void **state)
{
    g_autofree char *message = text_message("no “x\033[2J”\nforged\n  kept\xff");
    g_autofree char *plain = text_message("one line");

    assert_string_equal(message, "no “x\\x1b[2J”\n  forged\n  kept\\xff");
    assert_string_equal(plain, "one line");
}

static void
a_cell_of_csv_is_text_and_no_formula(void **state)
{
    const struct {
        const char *text, *cell;
    } cases[] = {
        { "", "" },
        { "quiet", "quiet" },
        { "a,b", "\"a,b\"" },
        { "say \"x\"", "\"say \"\"x\"\"\"" },
        { "=1+2", "'=1+2" },
        { "@x,y", "\"'@x,y\"" },
        { "a\nb", "a\\x0ab" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *cell = text_csv_cell(cases[i].text);

        assert_string_equal(cell, cases[i].cell);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_each_line_of_a_message_safe_and_indents_the_next),
        cmocka_unit_test(a_cell_of_csv_is_text_and_no_formula),
        cmocka_unit_test(reads_the_ends_of_the_integer_ranges),
        cmocka_unit_test(refuses_what_is_not_wholly_an_unsigned_number),
        cmocka_unit_test(refuses_what_is_not_wholly_a_signed_number),
        cmocka_unit_test(reads_decimal_numbers),
        cmocka_unit_test(refuses_what_is_not_a_finite_number),
        cmocka_unit_test(says_sizes_as_people_do),
        cmocka_unit_test(reads_sizes_in_every_unit),
        cmocka_unit_test(refuses_what_is_not_a_size),
        cmocka_unit_test(keeps_printable_text),
        cmocka_unit_test(escapes_what_would_move_a_terminal),
        cmocka_unit_test(escapes_bytes_that_are_not_utf8),
        cmocka_unit_test(stops_at_the_limit_even_inside_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
