/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/series.h"

#include "tests/support/dataset_file.h"
#include "tests/support/near.h"

#define SECOND 1000000000ll
#define START (100 * SECOND)

static const char *const columns[] = { "cycles", "branch_misses", NULL };

/* Rows at the given milliseconds after START; cycles count 1e6 a millisecond. A negative time is a
 * row whose counters began anew. */
static Series *
series_of(const DatasetPlace *place, const int *times_ms, size_t n, DatasetReader **ret_reader)
{
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    DatasetCursor *cursor = NULL;
    GuestRow guest = guest_row_none;
    int64_t id;

    guest.name = "g";
    guest.role = "micro";
    guest.vcpus = 1;
    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_guest(writer, &guest, &id, &error_));
    for (size_t i = 0; i < n; i++) {
        bool anew = times_ms[i] < 0;
        int64_t at = START + (int64_t) ABS(times_ms[i]) * 1000000;
        GuestSampleRow row = { .key = { id, 0, 0, { at, 0, at } } };

        row.cells.counts[0] = anew ? 5 : (uint64_t) ABS(times_ms[i]) * 1000000;
        row.cells.counts[1] = ABSENT_U64;
        assert_ok(writer_guest_sample(writer, &row, &error_));
    }
    assert_ok(writer_commit(writer, &error_));
    assert_ok(writer_finish(writer, "complete", &error_));
    assert_ok((*ret_reader = dataset_reader_open(place->path, &error_)));
    assert_ok((cursor = dataset_cursor_open(*ret_reader, DATASET_GUEST_SAMPLES, id, 0, 0,
                                            INT64_MAX / 4, columns, &error_)));
    return series_new(cursor, NULL, 2, 1500000000);
}

static SeriesWindow
window(Series *series, int from_ms, int to_ms)
{
    SeriesWindow result = { .flaw = SERIES_WHOLE };

    assert_ok(series_window(series, START + (int64_t) from_ms * 1000000,
                            START + (int64_t) to_ms * 1000000, &result, &error_));
    return result;
}

/* Branch misses are counted by turns, and had no turn when the series began: 1e3 a millisecond. */
static void
a_column_that_takes_turns_counts_in_its_own_windows_only(void **state)
{
    static const bool has_misses[] = { false, true, true, true, false, true, true };
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    GuestRow guest = guest_row_none;
    DatasetCursor *cursor = NULL;
    DatasetReader *reader;
    Series *series;
    int64_t id;

    guest.name = "g";
    guest.role = "micro";
    guest.vcpus = 1;
    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_guest(writer, &guest, &id, &error_));
    for (size_t i = 0; i < G_N_ELEMENTS(has_misses); i++) {
        int64_t at = START + (int64_t) i * SECOND;
        GuestSampleRow row = { .key = { id, 0, 0, { at, 0, at } } };

        row.cells.counts[0] = i * 1000000000;
        row.cells.counts[1] = has_misses[i] ? i * 1000000 : ABSENT_U64;
        assert_ok(writer_guest_sample(writer, &row, &error_));
    }
    assert_ok(writer_commit(writer, &error_));
    assert_ok(writer_finish(writer, "complete", &error_));
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_ok((cursor = dataset_cursor_open(reader, DATASET_GUEST_SAMPLES, id, 0, 0, INT64_MAX / 4,
                                            columns, &error_)));
    series = series_new(cursor, NULL, 2, 1500000000);
    for (size_t i = 0; i + 1 < G_N_ELEMENTS(has_misses); i++) {
        SeriesWindow got = window(series, (int) i * 1000, (int) (i + 1) * 1000);

        assert_int_equal(got.flaw, SERIES_WHOLE);
        assert_near(got.delta[0], 1e9, 1);
        if (i == 2) /* whole, with whole neighbours */
            assert_near(got.delta[1], 1e6, 1);
        if (!has_misses[i] || !has_misses[i + 1])
            assert_true(isnan(got.delta[1]));
    }
    series_free(series);
    dataset_reader_free(reader);
}

/* Turns of two rows; in the second the branch misses count. Rows come a little late. */
static void
windows_say_in_which_phase_they_lie(void **state)
{
    static const int64_t phases[] = { 0, 1, 1, 2, 2, 1 };
    static const int64_t want[] = { 1, 1, 2, 2, 1 };
    static const char *const with_phase[] = { "cycles", "branch_misses", "phase", NULL };
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    DatasetCursor *cursor = NULL;
    DatasetReader *reader;
    Series *series;

    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_run(writer, &dataset_run, &error_));
    for (size_t i = 0; i < G_N_ELEMENTS(phases); i++) {
        int64_t at = START + (int64_t) i * SECOND + (i > 0 ? 4 * SECOND / 1000 : 0);
        GuestSampleRow row = { .key = { 1, 0, 0, { at, 0, at } }, .phase = phases[i] };

        row.cells.counts[0] = (uint64_t) (at - START);
        row.cells.counts[1] = i >= 2 && i <= 4 ? (uint64_t) (at - START) / 1000 : ABSENT_U64;
        assert_ok(writer_guest_sample(writer, &row, &error_));
    }
    assert_ok(writer_commit(writer, &error_));
    assert_ok(writer_finish(writer, "complete", &error_));
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_ok((cursor = dataset_cursor_open(reader, DATASET_GUEST_SAMPLES, 1, 0, 0, INT64_MAX / 4,
                                            with_phase, &error_)));
    series = series_new(cursor, NULL, 2, 1500000000);
    series_has_phases(series);
    for (size_t i = 0; i < G_N_ELEMENTS(want); i++) {
        SeriesWindow got = window(series, (int) i * 1000, (int) (i + 1) * 1000);

        assert_int_equal(got.flaw, SERIES_WHOLE);
        assert_int_equal(got.phase, want[i]);
        assert_near(got.delta[0], 1e9, 1);
        if (want[i] == 2) /* the first of them from just before its first row on */
            assert_near(got.delta[1], 1e6, 1);
        else
            assert_true(isnan(got.delta[1]));
    }
    series_free(series);
    dataset_reader_free(reader);

    /* Half a window off, each change of turns spoils one. */
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_ok((cursor = dataset_cursor_open(reader, DATASET_GUEST_SAMPLES, 1, 0, 0, INT64_MAX / 4,
                                            with_phase, &error_)));
    series = series_new(cursor, NULL, 2, 1500000000);
    series_has_phases(series);
    assert_int_equal(window(series, 500, 1500).phase, 1);
    assert_int_equal(window(series, 1500, 2500).phase, PHASE_MIXED);
    assert_int_equal(window(series, 2500, 3500).phase, 2);
    assert_int_equal(window(series, 3500, 4500).phase, PHASE_MIXED);
    series_free(series);
    dataset_reader_free(reader);
}

static void
counts_are_interpolated_and_then_subtracted(void **state)
{
    const int times[] = { 0, 900, 2100, 3000, 4000 };
    DatasetReader *reader;
    Series *series = series_of(*state, times, G_N_ELEMENTS(times), &reader);

    for (int t = 0; t < 4; t++) {
        SeriesWindow got = window(series, 1000 * t, 1000 * (t + 1));

        assert_int_equal(got.flaw, SERIES_WHOLE);
        assert_near(got.delta[0], 1e9, 1);
        assert_true(isnan(got.delta[1])); /* never recorded */
    }
    series_free(series);
    dataset_reader_free(reader);
}

static void
a_missing_row_spoils_the_windows_it_touches_only(void **state)
{
    const int times[] = { 0, 1000, 2000, 4000, 5000, 6000 }; /* 3000 is lost */
    const SeriesFlaw want[] = { SERIES_WHOLE, SERIES_WHOLE, SERIES_GAP,
                                SERIES_GAP,   SERIES_WHOLE, SERIES_WHOLE };
    DatasetReader *reader;
    Series *series = series_of(*state, times, G_N_ELEMENTS(times), &reader);

    for (int t = 0; t < 6; t++)
        assert_int_equal(window(series, 1000 * t, 1000 * (t + 1)).flaw, want[t]);
    series_free(series);
    dataset_reader_free(reader);
}

static void
a_count_that_drops_is_a_restart(void **state)
{
    const int times[] = { 0, 1000, -2000, -3000, -4000 };
    DatasetReader *reader;
    Series *series = series_of(*state, times, G_N_ELEMENTS(times), &reader);

    assert_int_equal(window(series, 0, 1000).flaw, SERIES_WHOLE);
    assert_int_equal(window(series, 1000, 2000).flaw, SERIES_RESTART);
    assert_int_equal(window(series, 2000, 3000).flaw, SERIES_WHOLE);
    series_free(series);
    dataset_reader_free(reader);
}

static void
the_ends_may_be_missed_by_a_hair_and_no_more(void **state)
{
    const int times[] = { 10, 1000, 1990 };
    DatasetReader *reader;
    Series *series = series_of(*state, times, G_N_ELEMENTS(times), &reader);

    assert_int_equal(window(series, 0, 1000).flaw, SERIES_WHOLE);
    assert_int_equal(window(series, 1000, 2000).flaw, SERIES_WHOLE);
    assert_int_equal(window(series, 2000, 3000).flaw, SERIES_PARTIAL);
    series_free(series);
    dataset_reader_free(reader);
}

static void
what_lies_outside_is_partial(void **state)
{
    const int times[] = { 1500, 2500, 3500 };
    DatasetReader *reader;
    Series *series = series_of(*state, times, G_N_ELEMENTS(times), &reader);

    assert_int_equal(window(series, 0, 1000).flaw, SERIES_PARTIAL);
    assert_int_equal(window(series, 1000, 2000).flaw, SERIES_PARTIAL);
    assert_int_equal(window(series, 2000, 3000).flaw, SERIES_WHOLE);
    assert_int_equal(window(series, 3000, 4000).flaw, SERIES_PARTIAL);
    series_free(series);
    dataset_reader_free(reader);
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(a_column_that_takes_turns_counts_in_its_own_windows_only),
        IN_A_PLACE(windows_say_in_which_phase_they_lie),
        IN_A_PLACE(counts_are_interpolated_and_then_subtracted),
        IN_A_PLACE(a_missing_row_spoils_the_windows_it_touches_only),
        IN_A_PLACE(a_count_that_drops_is_a_restart),
        IN_A_PLACE(the_ends_may_be_missed_by_a_hair_and_no_more),
        IN_A_PLACE(what_lies_outside_is_partial),
    };

    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
