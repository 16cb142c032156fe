/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/clock_map.h"

#include "tests/support/near.h"

#define SECOND 1000000000ll

static ClockFit *
fit_with(int64_t offset_ns, int bursts, int64_t from_ns)
{
    ClockFit *fit = clock_fit_new();

    for (int b = 0; b < bursts; b++) {
        int64_t at = from_ns + b * 10 * SECOND;
        const ClockPing ping = { at, at + 100000 - offset_ns, at + 100000 - offset_ns,
                                 at + 200000 };

        clock_fit_add(fit, &ping);
    }
    return fit;
}

static void
pings_map_there_and_back(void **state)
{
    g_autoptr(ClockMap) map = clock_map_new(fit_with(77 * SECOND, 5, 100 * SECOND), false);
    const DatasetRow row = { .raw_ns = 40 * SECOND };
    int64_t host, guest;

    assert_int_equal(clock_map_method(map), CLOCK_PING);
    assert_true(clock_map_host_ns(map, &row, &host));
    assert_near((double) host, 117e9, 2);
    assert_true(clock_map_guest_ns(map, host, &guest));
    assert_near((double) guest, 40e9, 2);
}

static void
without_pings_nothing_is_mapped(void **state)
{
    g_autoptr(ClockMap) map = clock_map_new(NULL, false);
    const DatasetRow row = { .raw_ns = 40 * SECOND };
    int64_t host = 7;

    assert_int_equal(clock_map_method(map), CLOCK_NONE);
    assert_string_equal(clock_method_name(clock_map_method(map)), "none");
    assert_false(clock_map_host_ns(map, &row, &host));
    assert_int_equal(host, 7);
}

static void
one_clock_for_both_sides_needs_no_map(void **state)
{
    g_autoptr(ClockMap) map = clock_map_new(NULL, true);
    const DatasetRow row = { .raw_ns = 40 * SECOND };
    int64_t host;

    assert_true(clock_map_host_ns(map, &row, &host));
    assert_int_equal(host, 40 * SECOND);
}

/* Guest TSC = (host TSC * ratio >> frac) + offset, host TSC at 2.5 GHz. */
static void
a_known_tsc_map_is_exact(void **state)
{
    g_autoptr(ClockMap) map = clock_map_new(fit_with(0, 3, 100 * SECOND), false);
    const DatasetGuest guest = { .tsc_offset = -123456789012345,
                                 .tsc_ratio = 1ll << 47, /* half speed */
                                 .tsc_frac_bits = 48 };
    const DatasetRow first = { .raw_ns = 1000 * SECOND, .tsc = 900000000000000 };
    const DatasetRow last = { .raw_ns = 1060 * SECOND,
                              .tsc = 900000000000000 + 60 * 2500000000ull };
    /* 30 s later by the host's clock. */
    const uint64_t host_tsc = first.tsc + 30 * 2500000000ull;
    const DatasetRow row = { .raw_ns = 1, .tsc = host_tsc / 2 - 123456789012345 };
    int64_t host;

    clock_map_use_tsc(map, &guest, &first, &last);
    assert_int_equal(clock_map_method(map), CLOCK_TSC);
    assert_true(clock_map_host_ns(map, &row, &host));
    assert_near((double) host, 1030e9, 2);
}

static void
a_tsc_map_that_cannot_be_is_not_used(void **state)
{
    const DatasetRow first = { .raw_ns = SECOND, .tsc = 1000 },
                     last = { .raw_ns = 2 * SECOND, .tsc = 900 };
    const DatasetGuest guests[] = {
        { .tsc_offset = DATASET_UNKNOWN, .tsc_ratio = 1, .tsc_frac_bits = 0 },
        { .tsc_offset = 0, .tsc_ratio = 0, .tsc_frac_bits = 48 },
        { .tsc_offset = 0, .tsc_ratio = 1, .tsc_frac_bits = 99 },
        { .tsc_offset = 0, .tsc_ratio = 1, .tsc_frac_bits = 0 }, /* the host's TSC ran backwards */
    };

    for (guint i = 0; i < G_N_ELEMENTS(guests); i++) {
        g_autoptr(ClockMap) map = clock_map_new(fit_with(0, 3, SECOND), false);

        clock_map_use_tsc(map, &guests[i], &first, &last);
        assert_int_equal(clock_map_method(map), CLOCK_PING);
    }
}

/* The clock jumps by 5 s between two bursts: when, nobody knows. */
static void
between_two_lines_there_is_no_answer(void **state)
{
    ClockFit *fit = fit_with(0, 4, 100 * SECOND);
    g_autoptr(ClockMap) map = NULL;
    DatasetRow row = { .raw_ns = 120 * SECOND };
    int64_t host;

    for (int b = 4; b < 8; b++) {
        int64_t at = 100 * SECOND + b * 10 * SECOND;
        const ClockPing ping = { at, at + 100000 + 5 * SECOND, at + 100000 + 5 * SECOND,
                                 at + 200000 };

        clock_fit_add(fit, &ping);
    }
    map = clock_map_new(fit, false);
    assert_int_equal(clock_map_segments(map)->len, 2);
    assert_true(clock_map_host_ns(map, &row, &host));
    row.raw_ns = 137 * SECOND;
    assert_false(clock_map_host_ns(map, &row, &host));
    row.raw_ns = 160 * SECOND;
    assert_true(clock_map_host_ns(map, &row, &host));
    assert_near((double) host, 155e9, 10);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pings_map_there_and_back),
        cmocka_unit_test(without_pings_nothing_is_mapped),
        cmocka_unit_test(one_clock_for_both_sides_needs_no_map),
        cmocka_unit_test(a_known_tsc_map_is_exact),
        cmocka_unit_test(a_tsc_map_that_cannot_be_is_not_used),
        cmocka_unit_test(between_two_lines_there_is_no_answer),
    };

    return cmocka_run_group_tests_name("clock_map", tests, NULL, NULL);
}
