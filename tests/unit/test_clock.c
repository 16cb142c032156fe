/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/clock.h"

#include <time.h>

#include "tests/support/cmocka_all.h"

static void
raw_clock_never_goes_back(void **state)
{
    int64_t before = clock_raw_ns();

    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_raw_ns();

        assert_true(now >= before);
        before = now;
    }
}

static void
wall_clock_counts_from_the_epoch(void **state)
{
    int64_t seconds = time(NULL);
    int64_t wall_s = clock_wall_ns() / NS_PER_SECOND;

    assert_true(wall_s >= seconds && wall_s <= seconds + 3600);
}

static void
stamp_lies_between_two_readings(void **state)
{
    int64_t before = clock_raw_ns();
    Stamp stamp = stamp_now();
    int64_t after = clock_raw_ns();

    assert_true(before <= stamp.raw_ns && stamp.raw_ns <= after);
    assert_true(stamp.wall_ns > 0);
}

static void
whoever_is_late_goes_on_at_the_next_time_of_the_grid(void **state)
{
    int64_t now_ns = clock_raw_ns(), next_ns;

    assert_int_equal(clock_next_due(now_ns, NS_PER_SECOND * 3600), now_ns + NS_PER_SECOND * 3600);
    assert_int_equal(clock_next_due(now_ns, INT64_MAX / 4), now_ns + INT64_MAX / 4);
    next_ns = clock_next_due(now_ns - 10 * 3600 * NS_PER_SECOND, 4 * 3600 * NS_PER_SECOND);
    assert_int_equal(next_ns, now_ns + 2 * 3600 * NS_PER_SECOND);
}

#ifdef __x86_64__
static void
stamp_carries_a_tsc_that_grows(void **state)
{
    Stamp first = stamp_now();
    Stamp second = stamp_now();

    assert_true(first.tsc > 0);
    assert_true(second.tsc > first.tsc);
}
#endif

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_clock_never_goes_back),
        cmocka_unit_test(wall_clock_counts_from_the_epoch),
        cmocka_unit_test(stamp_lies_between_two_readings),
        cmocka_unit_test(whoever_is_late_goes_on_at_the_next_time_of_the_grid),
#ifdef __x86_64__
        cmocka_unit_test(stamp_carries_a_tsc_that_grows),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
