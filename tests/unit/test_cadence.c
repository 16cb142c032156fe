/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/cadence.h"

#include "tests/support/cmocka_all.h"

#define START_NS (7 * NS_PER_SECOND)
#define WALL_NS 1700000000000000000ll

/* A tick after so many seconds, so much late, with the wall clock so far ahead of where it was. */
static void
tick(Cadence *cadence, int seconds, int64_t late_ns, int64_t ahead_ns, unsigned cpus)
{
    int64_t due_ns = START_NS + seconds * NS_PER_SECOND;
    const Stamp now = { .raw_ns = due_ns + late_ns,
                        .wall_ns = WALL_NS + due_ns + late_ns + ahead_ns };

    cadence_tick(cadence, due_ns, &now, cpus);
}

static Cadence
start(void)
{
    const Stamp now = { .raw_ns = START_NS, .wall_ns = WALL_NS + START_NS };

    return cadence_new(NS_PER_SECOND, 4, &now);
}

static void
assert_complains(const Cadence *cadence, const char *line)
{
    g_auto(GStrv) lines = cadence_complaints(cadence);

    assert_int_equal(g_strv_length(lines), line ? 1 : 0);
    if (line)
        assert_string_equal(lines[0], line);
}

static void
says_nothing_of_ticks_in_time_beside_a_clock_that_is_slewed(void **state)
{
    Cadence cadence = start();

    for (int i = 1; i <= 60; i++)
        tick(&cadence, i, 2 * NS_PER_MS, i * 500000, 4);
    assert_complains(&cadence, NULL);
}

static void
counts_the_late_ones_and_tells_the_worst(void **state)
{
    Cadence cadence = start();

    tick(&cadence, 1, 0, 0, 4);
    tick(&cadence, 2, 2500 * NS_PER_MS, 0, 4);
    tick(&cadence, 3, 1500 * NS_PER_MS, 0, 4);
    tick(&cadence, 4, 500 * NS_PER_MS, 0, 4);
    assert_complains(&cadence,
                     "2 of 4 windows ended over half an interval late, the worst by 2.50 s: "
                     "hostctl, or the dataset's disk, was kept");
}

static void
tells_the_largest_step_of_the_clock_and_its_sign(void **state)
{
    Cadence cadence = start();

    tick(&cadence, 1, 0, 2 * NS_PER_SECOND, 4);
    tick(&cadence, 2, 0, -3598 * NS_PER_SECOND, 4);
    tick(&cadence, 3, 0, -3598 * NS_PER_SECOND, 4);
    assert_complains(&cadence, "the host's clock was stepped by -3600.000 s: the visit's times of "
                               "day are not one scale");
}

static void
tells_that_a_cpu_was_offline_even_when_it_came_back(void **state)
{
    Cadence cadence = start();

    tick(&cadence, 1, 0, 0, 4);
    tick(&cadence, 2, 0, 0, 3);
    tick(&cadence, 3, 0, 0, 4);
    assert_complains(&cadence, "only 3 of the pool's 4 CPUs were online");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_nothing_of_ticks_in_time_beside_a_clock_that_is_slewed),
        cmocka_unit_test(counts_the_late_ones_and_tells_the_worst),
        cmocka_unit_test(tells_the_largest_step_of_the_clock_and_its_sign),
        cmocka_unit_test(tells_that_a_cpu_was_offline_even_when_it_came_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
