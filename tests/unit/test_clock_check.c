/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/selftest/clock_check.h"

#include <string.h>

#include "common/base/clock.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/near.h"

#define SECOND NS_PER_SECOND
#define HOST_HZ 2.5
#define RAW_OFFSET_NS (-40 * SECOND)
#define TSC_OFFSET (-1234567890123ll)
#define GUEST_WAY_NS 60000 /* from the host's stamp to the guest's */
#define HOST_WAY_NS 20000

static uint64_t
host_tsc(int64_t host_ns)
{
    return (uint64_t) ((double) host_ns * HOST_HZ);
}

/* Three echoes from `begin_ns` on; the guest's clocks are given by where they are at a host time.
 */
static GArray *
burst(int64_t begin_ns, double raw_rate, double tsc_rate)
{
    GArray *pings = g_array_new(FALSE, FALSE, sizeof(TimeSyncPing));

    for (int i = 0; i < 3; i++) {
        int64_t sent_ns = begin_ns + i * 2 * NS_PER_MS;
        int64_t at_ns = sent_ns + GUEST_WAY_NS + 500000 * (i != 1); /* the second one is best */
        int64_t guest_ns = (int64_t) ((double) at_ns * raw_rate) + RAW_OFFSET_NS;
        const TimeSyncPing ping = {
            .t1_ns = sent_ns,
            .t2_ns = guest_ns - 5000,
            .t3_ns = guest_ns,
            .t4_ns = at_ns + HOST_WAY_NS,
            .host_tsc = host_tsc(sent_ns),
            .guest_tsc = (uint64_t) ((double) at_ns * HOST_HZ * tsc_rate) + (uint64_t) TSC_OFFSET,
        };

        g_array_append_val(pings, ping);
    }
    return pings;
}

static void
check_between(double raw_rate, double tsc_rate, const KvmTsc *map, ClockCheck *check)
{
    g_autoptr(GArray) first = burst(100 * SECOND, raw_rate, tsc_rate);
    g_autoptr(GArray) second = burst(110 * SECOND, raw_rate, tsc_rate);

    clock_check(first, second, map, check);
}

static void
agrees_where_both_clocks_run_evenly(void **state)
{
    g_auto(ClockCheck) check = { 0 };

    check_between(1, 1, NULL, &check);
    assert_true(check.agree);
    assert_null(check.reason);
    assert_int_equal(check.echoes, 6);
    assert_string_equal(check.tsc_map, "constant");
    /* There and back less the guest's own time, half of it. */
    assert_near(check.ping_bound_ns, (GUEST_WAY_NS + HOST_WAY_NS - 5000) / 2.0, 1);
    assert_near(check.drift_ppm, 0, 0.01);
    assert_true(check.difference_ns <= check.bound_ns);
}

static void
uses_the_map_that_kvm_shows(void **state)
{
    const KvmTsc map = { .offset = TSC_OFFSET, .ratio = 1ull << 48, .frac_bits = 48 };
    g_auto(ClockCheck) check = { 0 };

    check_between(1, 1, &map, &check);
    assert_string_equal(check.tsc_map, "kvm");
    assert_true(check.agree);
}

static void
finds_a_map_that_is_off_by_more_than_an_echo_can_be(void **state)
{
    const KvmTsc map = { .offset = TSC_OFFSET + (int64_t) (0.001 * 1e9 * HOST_HZ), .ratio = 1 };
    g_auto(ClockCheck) check = { 0 };

    check_between(1, 1, &map, &check);
    assert_false(check.agree);
    assert_non_null(strstr(check.reason, "echoes and TSC"));
    assert_near(check.difference_ns, 1e6, 50000);
}

static void
finds_a_tsc_that_jumped_between_two_bursts(void **state)
{
    g_autoptr(GArray) first = burst(100 * SECOND, 1, 1), second = burst(110 * SECOND, 1, 1);
    g_auto(ClockCheck) check = { 0 };

    for (guint i = 0; i < second->len; i++)
        g_array_index(second, TimeSyncPing, i).guest_tsc += (uint64_t) (0.002 * 1e9 * HOST_HZ);
    clock_check(first, second, NULL, &check);
    assert_false(check.agree);
    assert_non_null(strstr(check.reason, "echoes and TSC"));
}

static void
refuses_a_guest_clock_that_runs_away(void **state)
{
    g_auto(ClockCheck) check = { 0 };

    check_between(1.002, 1, NULL, &check);
    assert_false(check.agree);
    assert_near(check.drift_ppm, 2000, 1);
    assert_non_null(strstr(check.reason, "drifts by 2000 ppm"));
}

static void
compares_no_scaled_tsc_without_its_map(void **state)
{
    g_auto(ClockCheck) check = { 0 };

    check_between(1, 0.5, NULL, &check);
    assert_string_equal(check.tsc_map, "none");
    assert_true(check.agree);
}

static void
says_that_nothing_came_back(void **state)
{
    g_autoptr(GArray) none = g_array_new(FALSE, FALSE, sizeof(TimeSyncPing));
    g_auto(ClockCheck) check = { 0 };

    clock_check(none, none, NULL, &check);
    assert_false(check.agree);
    assert_non_null(check.reason);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_where_both_clocks_run_evenly),
        cmocka_unit_test(uses_the_map_that_kvm_shows),
        cmocka_unit_test(finds_a_map_that_is_off_by_more_than_an_echo_can_be),
        cmocka_unit_test(finds_a_tsc_that_jumped_between_two_bursts),
        cmocka_unit_test(refuses_a_guest_clock_that_runs_away),
        cmocka_unit_test(compares_no_scaled_tsc_without_its_map),
        cmocka_unit_test(says_that_nothing_came_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
