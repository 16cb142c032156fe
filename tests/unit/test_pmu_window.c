/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/window.h"

#include <string.h>

#include "tests/support/near.h"

#define MS 1000000ull

static CounterReading
reading(uint64_t a, uint64_t b, uint64_t enabled_ns, uint64_t running_ns)
{
    return (CounterReading){
        .n_values = 2, .values = { a, b }, .enabled_ns = enabled_ns, .running_ns = running_ns
    };
}

static const struct {
    const char *why;
    CounterReading before, after;
    WindowVerdict verdict;
    double scale, first;
} rows[] = {
    { "all the time",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 10 * MS, .running_ns = 10 * MS },
      { .n_values = 1, .values = { 400 }, .enabled_ns = 30 * MS, .running_ns = 30 * MS },
      WINDOW_OK,
      1,
      300 },
    { "an earlier loss does not smear into this window",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 100 * MS, .running_ns = 10 * MS },
      { .n_values = 1, .values = { 400 }, .enabled_ns = 120 * MS, .running_ns = 30 * MS },
      WINDOW_OK,
      1,
      300 },
    { "half of the time",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 0, .running_ns = 0 },
      { .n_values = 1, .values = { 400 }, .enabled_ns = 20 * MS, .running_ns = 10 * MS },
      WINDOW_SCALED,
      2,
      600 },
    { "never",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 10 * MS, .running_ns = 5 * MS },
      { .n_values = 1, .values = { 100 }, .enabled_ns = 30 * MS, .running_ns = 5 * MS },
      WINDOW_STARVED,
      NAN,
      NAN },
    { "a thread that had no CPU",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 10 * MS, .running_ns = 5 * MS },
      { .n_values = 1, .values = { 100 }, .enabled_ns = 10 * MS, .running_ns = 5 * MS },
      WINDOW_OK,
      1,
      0 },
    { "a value that fell",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 0, .running_ns = 0 },
      { .n_values = 1, .values = { 99 }, .enabled_ns = MS, .running_ns = MS },
      WINDOW_INVALID,
      NAN,
      NAN },
    { "a time that fell",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 2 * MS, .running_ns = MS },
      { .n_values = 1, .values = { 200 }, .enabled_ns = MS, .running_ns = MS },
      WINDOW_INVALID,
      NAN,
      NAN },
    { "running that fell",
      { .n_values = 1, .values = { 100 }, .enabled_ns = MS, .running_ns = MS },
      { .n_values = 1, .values = { 200 }, .enabled_ns = 2 * MS, .running_ns = 0 },
      WINDOW_INVALID,
      NAN,
      NAN },
    { "ran longer than it was on",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 0, .running_ns = 0 },
      { .n_values = 1, .values = { 200 }, .enabled_ns = MS, .running_ns = 2 * MS },
      WINDOW_INVALID,
      NAN,
      NAN },
    { "restarted, though nothing fell",
      { .n_values = 1, .values = { 100 }, .enabled_ns = 0, .running_ns = 0 },
      { .n_values = 1, .values = { 200 }, .enabled_ns = MS, .running_ns = MS, .restarted = true },
      WINDOW_INVALID,
      NAN,
      NAN },
    { "of different lists of events",
      { .n_values = 2, .values = { 100, 1 }, .enabled_ns = 0, .running_ns = 0 },
      { .n_values = 1, .values = { 200 }, .enabled_ns = MS, .running_ns = MS },
      WINDOW_INVALID,
      NAN,
      NAN },
};

static void
gives_each_window_its_verdict(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        Window window;

        window_between(&rows[i].before, &rows[i].after, NULL, &window);
        if (window.verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].why, window_verdict_name(window.verdict));
        if (isnan(rows[i].scale)) {
            assert_true(isnan(window.scale));
            assert_true(isnan(window.values[0]));
        } else {
            assert_near(window.scale, rows[i].scale, 1e-12);
            assert_near(window.values[0], rows[i].first, 1e-9);
        }
    }
}

static void
gives_the_times_of_the_window(void **state)
{
    CounterReading before = reading(0, 0, 10, 5), after = reading(1, 1, 40, 15);
    Window window;

    window_between(&before, &after, NULL, &window);
    assert_int_equal(window.enabled_ns, 30);
    assert_int_equal(window.running_ns, 10);
}

static void
keeps_an_event_that_does_not_count_apart_from_zero(void **state)
{
    CounterReading before = reading(5, COUNTER_NOT_COUNTED, 0, 0);
    CounterReading after = reading(5, COUNTER_NOT_COUNTED, MS, MS);
    Window window;

    window_between(&before, &after, NULL, &window);
    assert_int_equal(window.verdict, WINDOW_OK);
    assert_near(window.values[0], 0, 0);
    assert_true(isnan(window.values[1]));
}

static void
does_not_believe_a_counter_that_stands_still_under_load(void **state)
{
    CounterReading before = reading(5, 7, 0, 0), after = reading(5, 9, MS, MS);
    WindowWitness busy = { .event = 0, .busy_ns = 900000000 };
    WindowWitness idle = { .event = 0, .busy_ns = WINDOW_BUSY_MIN_NS - 1 };
    WindowWitness moves = { .event = 1, .busy_ns = 900000000 };
    Window window;

    window_between(&before, &after, &busy, &window);
    assert_int_equal(window.verdict, WINDOW_INVALID);
    assert_true(isnan(window.values[1]));

    window_between(&before, &after, &idle, &window);
    assert_int_equal(window.verdict, WINDOW_OK);
    window_between(&before, &after, &moves, &window);
    assert_int_equal(window.verdict, WINDOW_OK);
}

static void
calls_a_starved_counter_starved_and_not_still(void **state)
{
    CounterReading before = reading(5, 7, 0, 0), after = reading(5, 7, MS, 0);
    WindowWitness busy = { .event = 0, .busy_ns = 900000000 };
    Window window;

    window_between(&before, &after, &busy, &window);
    assert_int_equal(window.verdict, WINDOW_STARVED);
}

static void
names_every_verdict(void **state)
{
    assert_string_equal(window_verdict_name(WINDOW_OK), "ok");
    assert_string_equal(window_verdict_name(WINDOW_SCALED), "scaled");
    assert_string_equal(window_verdict_name(WINDOW_STARVED), "starved");
    assert_string_equal(window_verdict_name(WINDOW_INVALID), "invalid");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_each_window_its_verdict),
        cmocka_unit_test(gives_the_times_of_the_window),
        cmocka_unit_test(keeps_an_event_that_does_not_count_apart_from_zero),
        cmocka_unit_test(does_not_believe_a_counter_that_stands_still_under_load),
        cmocka_unit_test(calls_a_starved_counter_starved_and_not_still),
        cmocka_unit_test(names_every_verdict),
    };

    return cmocka_run_group_tests_name("pmu_window", tests, NULL, NULL);
}
