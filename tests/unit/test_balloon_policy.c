/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/balloon_policy.h"
#include "tests/support/cmocka_all.h"

#define MIB 1024u

static uint64_t
target(unsigned current_mib, unsigned unused_mib, double host_free_ratio)
{
    const BalloonPolicyGuest guest = { .current_kib = current_mib * MIB,
                                       .unused_kib = unused_mib * MIB,
                                       .least_kib = 110 * MIB,
                                       .most_kib = 2000 * MIB };

    return balloon_policy_target(&guest, host_free_ratio);
}

static void
lets_a_balloon_out_by_a_twentieth_while_the_host_has_memory(void **state)
{
    assert_int_equal(target(1000, 500, 0.5), 1050 * MIB);
    assert_int_equal(target(1990, 1500, 0.5), 2000 * MIB);
    assert_int_equal(target(2000, 1500, 0.5), 2000 * MIB);
}

/* Used 950, and a fifth of the full 2000. */
static void
gives_a_guest_without_free_memory_what_it_wants_at_once(void **state)
{
    assert_int_equal(target(1000, 50, 0.2), 1350 * MIB);
}

static void
shrinks_by_at_most_a_twentieth_under_pressure(void **state)
{
    assert_int_equal(target(1000, 900, 0.19), 950 * MIB);
    assert_int_equal(target(1000, 900, 0.01), 950 * MIB);
}

/* Half the threshold left: the guest keeps half of the fifth. */
static void
leaves_free_memory_in_proportion_to_the_hosts(void **state)
{
    assert_int_equal(target(1000, 120, 0.10), 980 * MIB);
    assert_int_equal(target(1000, 100, 0.10), 1000 * MIB);
    /* A guest that uses more is not grown either. */
    assert_int_equal(target(1000, 10, 0.10), 1000 * MIB);
}

/* 3 % left: 2 % less than the guest uses. */
static void
makes_a_guest_swap_when_the_host_is_nearly_full(void **state)
{
    assert_int_equal(target(1000, 10, 0.03), 970 * MIB);
}

static void
changes_nothing_for_less_than_a_quarter_percent(void **state)
{
    assert_int_equal(target(1000, 102, 0.10), 1000 * MIB);
    assert_int_equal(target(1998, 1500, 0.5), 1998 * MIB);
}

static void
never_goes_below_what_a_guest_survives(void **state)
{
    assert_int_equal(target(112, 100, 0.01), 110 * MIB);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_a_balloon_out_by_a_twentieth_while_the_host_has_memory),
        cmocka_unit_test(gives_a_guest_without_free_memory_what_it_wants_at_once),
        cmocka_unit_test(shrinks_by_at_most_a_twentieth_under_pressure),
        cmocka_unit_test(leaves_free_memory_in_proportion_to_the_hosts),
        cmocka_unit_test(makes_a_guest_swap_when_the_host_is_nearly_full),
        cmocka_unit_test(changes_nothing_for_less_than_a_quarter_percent),
        cmocka_unit_test(never_goes_below_what_a_guest_survives),
    };

    return cmocka_run_group_tests_name("balloon_policy", tests, NULL, NULL);
}
