/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/decimal.h"

#include <float.h>
#include <glib.h>
#include <math.h>

#include "tests/support/cmocka_all.h"

static void
assert_as_printf(double value, int decimals)
{
    g_autofree char *wanted = g_strdup_printf("%.*f", decimals, value);
    char text[DECIMAL_BYTES];
    char *end = decimal_put(text, value, decimals);

    assert_string_equal(text, wanted);
    assert_int_equal(*end, '\0');
    assert_ptr_equal(end, text + strlen(text));
}

static void
writes_what_printf_writes(void **state)
{
    static const double values[] = { 0,       -0.0,     1,
                                     0.5,     1.5,      2.5,
                                     0.125,   0.375,    1.005,
                                     1.115,   0.285,    -3.25,
                                     99.995,  999.9995, 0.0005,
                                     1e15,    1e16,     1e300,
                                     DBL_MAX, DBL_MIN,  4503599627370495.5,
                                     NAN,     INFINITY, 123456789.125 };

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        for (int decimals = 0; decimals <= 9; decimals++)
            assert_as_printf(values[i], decimals);
}

static void
writes_what_printf_writes_for_any_bits(void **state)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);

    for (int i = 0; i < 200000; i++) {
        union {
            guint32 words[2];
            double value;
        } any = { .words = { g_rand_int(random), g_rand_int(random) } };

        assert_as_printf(any.value, g_rand_int_range(random, 0, 10));
        /* Halves and near halves of the last digit, where rounding is hard. */
        assert_as_printf((g_rand_int_range(random, 0, 2000000) + 0.5) / 1000, 3);
        assert_as_printf((g_rand_int_range(random, 0, 2000000) + 0.5) / 100, 2);
        assert_as_printf(g_rand_int_range(random, 0, 2000000) / 64.0, 3);
    }
}

static void
writes_whole_numbers_up_to_the_largest(void **state)
{
    static const uint64_t values[] = { 0, 7, 10, 4294967296, UINT64_MAX };
    char text[DECIMAL_BYTES];

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *wanted = g_strdup_printf("%" G_GUINT64_FORMAT, values[i]);

        assert_int_equal(decimal_put_u64(text, values[i]) - text, strlen(wanted));
        assert_string_equal(text, wanted);
    }
}

static void
fills_up_with_zeros_to_the_width(void **state)
{
    static const uint64_t values[] = { 0, 5, 42, 100, 12345, 999999999, 4294967296 };
    char text[DECIMAL_BYTES];

    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        for (int width = 1; width <= 20; width++) {
            g_autofree char *wanted = g_strdup_printf("%0*" G_GUINT64_FORMAT, width, values[i]);

            assert_int_equal(decimal_put_digits(text, values[i], width) - text, strlen(wanted));
            assert_string_equal(text, wanted);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_printf_writes),
        cmocka_unit_test(writes_what_printf_writes_for_any_bits),
        cmocka_unit_test(writes_whole_numbers_up_to_the_largest),
        cmocka_unit_test(fills_up_with_zeros_to_the_width),
    };

    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
