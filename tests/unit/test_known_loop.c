/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/known_loop.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

#define ROUNDS 1000000u

static uint64_t
coins_in_c(uint64_t rounds)
{
    uint64_t state = 0x9e3779b97f4a7c15ull, set = 0;

    for (; rounds > 0; rounds--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        set += state & 1;
    }
    return set;
}

static void
throws_the_same_coins_as_the_formula(void **state)
{
    for (uint64_t rounds = 0; rounds < 70; rounds++)
        assert_int_equal(known_loop_branches(rounds), coins_in_c(rounds));
    assert_int_equal(known_loop_branches(ROUNDS), coins_in_c(ROUNDS));
}

static void
throws_fair_coins(void **state)
{
    uint64_t set = known_loop_branches(ROUNDS);

    /* Ten standard deviations. */
    assert_in_range(set, ROUNDS / 2 - 5000, ROUNDS / 2 + 5000);
}

static void
loads_from_all_of_the_memory_and_no_further(void **state)
{
    enum { LINES = 64, LINE_WORDS = 8 };
    uint64_t memory[LINES * LINE_WORDS] = { 0 };
    uint64_t before = 0;

    /* With one line marked at a time, the marks that were met are the loads of that line. */
    for (unsigned line = 0; line < LINES; line++) {
        uint64_t loads;

        memset(memory, 0, sizeof memory);
        memory[line * LINE_WORDS] = 1;
        loads = known_loop_loads(ROUNDS, memory, sizeof memory);
        assert_in_range(loads, ROUNDS / LINES / 2, 2 * ROUNDS / LINES);
        before += loads;
    }
    assert_int_equal(before, ROUNDS);
}

static void
gives_memory_that_is_there(void **state)
{
    g_autoptr(GError) error = NULL;
    char *memory = known_loop_memory_new(&error);

    assert_non_null(memory);
    assert_int_equal(memory[0], 1);
    assert_int_equal(memory[KNOWN_LOOP_MEMORY_BYTES - 4096], 1);
    known_loop_memory_free(memory);
    known_loop_memory_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throws_the_same_coins_as_the_formula),
        cmocka_unit_test(throws_fair_coins),
        cmocka_unit_test(loads_from_all_of_the_memory_and_no_further),
        cmocka_unit_test(gives_memory_that_is_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
