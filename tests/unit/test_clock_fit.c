/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/clock_fit.h"

#include "tests/support/near.h"

#define SECOND 1000000000ll

/* One exchange at host time `at`, whose two ways take `there` and `back`. */
static ClockPing
exchange(int64_t at, double offset_ns, double drift_ppm, int64_t there, int64_t back)
{
    int64_t guest = llround(((double) (at + there) - offset_ns) / (1 + drift_ppm * 1e-6));

    return (ClockPing){ at, guest, guest + 10000, at + there + 10000 + back };
}

static void
add_bursts(ClockFit *fit, int64_t from, int n, double offset_ns, double drift_ppm)
{
    for (int b = 0; b < n; b++)
        for (int i = 0; i < 50; i++) {
            ClockPing ping = exchange(from + b * 10 * SECOND + i * 2000000, offset_ns, drift_ppm,
                                      200000 + 37 * (i * 7919 % 1000) * 10,
                                      200000 + 41 * (i * 104729 % 1000) * 10);

            clock_fit_add(fit, &ping);
        }
}

static void
recovers_offset_and_drift(void **state)
{
    g_autoptr(ClockFit) fit = clock_fit_new();
    const ClockSegment *segment;

    add_bursts(fit, 1000 * SECOND, 20, 500e9, 40);
    assert_true(clock_fit_finish(fit));
    assert_int_equal(clock_fit_segments(fit)->len, 1);
    segment = &g_array_index(clock_fit_segments(fit), ClockSegment, 0);
    assert_near(segment->drift_ppm, 40, 0.5);
    /* host = guest * (1 + drift) + offset */
    assert_near((double) segment->host0_ns, (double) segment->guest0_ns * (1 + 40e-6) + 500e9,
                segment->bound_ns);
    assert_true(segment->bound_ns >= 200000 && segment->bound_ns < 320000);
}

static void
keeps_the_lowest_round_trips_alone(void **state)
{
    g_autoptr(ClockFit) fit = clock_fit_new();
    const ClockSegment *segment;

    for (int b = 0; b < 6; b++)
        for (int i = 0; i < 50; i++) {
            /* Nine of ten answers come 20 ms late, all on the way back. */
            ClockPing ping = exchange((100 + 10 * b) * SECOND + i * 2000000, 0, 0, 100000,
                                      i % 10 == 0 ? 100000 : 20000000);

            clock_fit_add(fit, &ping);
        }
    assert_true(clock_fit_finish(fit));
    segment = &g_array_index(clock_fit_segments(fit), ClockSegment, 0);
    assert_near((double) (segment->host0_ns - segment->guest0_ns), 0, 2);
    assert_near(segment->bound_ns, 100000, 1);
}

/* Bursts whose ways take `there_ns` and `back_ns` at their fastest, and up to 240 µs more there and
 * 100 µs more back when the guest is slow. */
static ClockFit *
fit_of_slow_guest(int64_t there_ns, int64_t back_ns)
{
    ClockFit *fit = clock_fit_new();

    for (int b = 0; b < 6; b++)
        for (int i = 0; i < 50; i++) {
            int64_t slow = (b * 3 + i * 7) % 20, noise = i * 7919 % 5000;
            ClockPing ping =
                exchange((100 + 10 * b) * SECOND + i * 2000000, 3e9, 12,
                         there_ns + 12000 * slow + noise, back_ns + 5000 * slow + noise);

            clock_fit_add(fit, &ping);
        }
    assert_true(clock_fit_finish(fit));
    return fit;
}

static double
error_of(const ClockSegment *segment)
{
    return (double) segment->host0_ns - ((double) segment->guest0_ns * (1 + 12e-6) + 3e9);
}

/* The lowest round trip alone is 35 µs off. */
static void
a_way_there_that_is_longer_than_the_way_back_moves_the_line_by_half_at_most(void **state)
{
    g_autoptr(ClockFit) alike = fit_of_slow_guest(120000, 50000);
    g_autoptr(ClockFit) even = fit_of_slow_guest(85000, 85000);
    const ClockSegment *segment = &g_array_index(clock_fit_segments(alike), ClockSegment, 0);

    assert_near(segment->asymmetry, -3.5 / 17, 0.03);
    assert_near(segment->drift_ppm, 12, 0.5);
    assert_near(error_of(segment), -17500, 6000);
    segment = &g_array_index(clock_fit_segments(even), ClockSegment, 0);
    assert_near(segment->drift_ppm, 12, 0.5);
    assert_near(error_of(segment), 17500, 6000);
}

/* Nine of ten answers are 20 ms late: that says nothing of how long the way is. */
static void
answers_that_are_late_are_no_longer_way(void **state)
{
    g_autoptr(ClockFit) fit = clock_fit_new();

    for (int b = 0; b < 4; b++)
        for (int i = 0; i < 50; i++) {
            ClockPing ping = exchange((100 + 10 * b) * SECOND + i * 2000000, 0, 0, 100000 + i * 100,
                                      i % 10 == 0 ? 100000 + i * 100 : 20000000 + i);

            clock_fit_add(fit, &ping);
        }
    assert_true(clock_fit_finish(fit));
    assert_near(g_array_index(clock_fit_segments(fit), ClockSegment, 0).asymmetry, 0, 1e-9);
}

static void
ways_of_one_length_are_not_corrected(void **state)
{
    g_autoptr(ClockFit) fit = clock_fit_new();

    add_bursts(fit, 1000 * SECOND, 20, 0, 5);
    assert_true(clock_fit_finish(fit));
    assert_near(g_array_index(clock_fit_segments(fit), ClockSegment, 0).asymmetry, 0, 0.1);
}

static void
starts_a_new_line_where_the_clock_jumps(void **state)
{
    g_autoptr(ClockFit) fit = clock_fit_new();
    const GArray *segments;

    add_bursts(fit, 100 * SECOND, 6, 0, 10);
    add_bursts(fit, 160 * SECOND, 6, 30e6, 10); /* 30 ms, as after a pause */
    assert_true(clock_fit_finish(fit));
    segments = clock_fit_segments(fit);
    assert_int_equal(segments->len, 2);
    for (guint i = 0; i < 2; i++)
        assert_near(g_array_index(segments, ClockSegment, i).drift_ppm, 10, 3);
}

static void
one_burst_gives_an_offset_without_drift(void **state)
{
    g_autoptr(ClockFit) fit = clock_fit_new();
    const ClockSegment *segment;

    add_bursts(fit, 100 * SECOND, 1, 7e9, 0);
    assert_true(clock_fit_finish(fit));
    segment = &g_array_index(clock_fit_segments(fit), ClockSegment, 0);
    assert_near(segment->drift_ppm, 0, 0);
    assert_true(isnan(segment->drift_error_ppm));
    assert_near((double) (segment->host0_ns - segment->guest0_ns), 7e9, segment->bound_ns);
}

static void
rejects_pings_that_cannot_be(void **state)
{
    const ClockPing wrong[] = {
        { 100, 5, 6, 50 },      /* received before it was sent */
        { 0, 10, 5, 100 },      /* answered before it was received */
        { 0, 0, 200, 100 },     /* the guest took longer than the round trip */
        { -5, 0, 0, 5 },        /* before the clock began */
        { 0, 0, 0, INT64_MAX }, /* beyond any clock */
        { INT64_MIN, INT64_MIN, INT64_MAX, 0 },
    };
    g_autoptr(ClockFit) fit = clock_fit_new();

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        clock_fit_add(fit, &wrong[i]);
    assert_int_equal(clock_fit_rejected(fit), G_N_ELEMENTS(wrong));
    assert_false(clock_fit_finish(fit));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recovers_offset_and_drift),
        cmocka_unit_test(keeps_the_lowest_round_trips_alone),
        cmocka_unit_test(
            a_way_there_that_is_longer_than_the_way_back_moves_the_line_by_half_at_most),
        cmocka_unit_test(answers_that_are_late_are_no_longer_way),
        cmocka_unit_test(ways_of_one_length_are_not_corrected),
        cmocka_unit_test(starts_a_new_line_where_the_clock_jumps),
        cmocka_unit_test(one_burst_gives_an_offset_without_drift),
        cmocka_unit_test(rejects_pings_that_cannot_be),
    };

    return cmocka_run_group_tests_name("clock_fit", tests, NULL, NULL);
}
