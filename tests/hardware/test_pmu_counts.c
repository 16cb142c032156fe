/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This machine's own PMU, counted through common/pmu: a loop whose counts are known. */
#include <math.h>

#include "common/pmu/window.h"
#include "common/wire/message.h"
#include "guestprobe/known_loop.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/near.h"
#include "tests/support/needs.h"

#define ROUNDS 20000000u

/* Counts the loop in user mode of this thread. One event at a time: any PMU has room for two. */
static Window
count_loop(const char *event)
{
    const char *const events[] = { "cycles:u", event, NULL };
    const CounterTarget target = { .pmu = { .tid = 0, .cpu = -1 }, .mode = PMU_MODE_SELF };
    g_autoptr(GError) error = NULL;
    g_autoptr(Counters) counters = counters_open(COUNTER_SOURCE_HARDWARE, &target, events, &error);
    CounterReading before, after;
    Window window;

    if (!counters)
        fail_msg("%s", error->message);
    assert_true(counters_read(counters, &before, NULL));
    known_loop_branches(ROUNDS);
    assert_true(counters_read(counters, &after, NULL));
    window_between(&before, &after, NULL, &window);
    assert_true(window.verdict == WINDOW_OK || window.verdict == WINDOW_SCALED);
    assert_true(window.values[0] > ROUNDS);
    return window;
}

static void
counts_the_instructions_of_a_known_loop(void **state)
{
    double counted = count_loop("instructions:u").values[1];

    assert_near(counted / ((double) ROUNDS * WIRE_LOOP_INSTRUCTIONS), 1.01, 0.02);
}

static void
counts_the_branches_of_a_known_loop(void **state)
{
    double counted = count_loop("branches:u").values[1];

    assert_near(counted / ((double) ROUNDS * WIRE_LOOP_BRANCHES), 1.02, 0.03);
}

static void
misses_half_of_the_coins(void **state)
{
    double counted = count_loop("branch-misses:u").values[1];

    /* A predictor that also misses the branch behind the coin misses all of them. */
    assert_true(counted > 0.25 * ROUNDS && counted < 1.1 * ROUNDS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_the_instructions_of_a_known_loop),
        cmocka_unit_test(counts_the_branches_of_a_known_loop),
        cmocka_unit_test(misses_half_of_the_coins),
    };

    if (!machine_has("hardware-counters"))
        return TEST_SKIPPED;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
