/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/dataset/reader.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <unistd.h>

#include "tests/support/dataset_file.h"
#include "tests/support/near.h"

static void
change(const char *path, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

static void
assert_refused(const char *path, const char *because)
{
    g_autoptr(GError) error = NULL;

    assert_null(dataset_reader_open(path, &error));
    if (!strstr(error->message, because) || !strstr(error->message, path))
        fail_msg("“%s” names not “%s” and the file", error->message, because);
}

static void
reads_what_the_writer_wrote(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetReader) reader = NULL;
    const DatasetFacts *facts;

    dataset_example(place->path);
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    facts = dataset_reader_facts(reader);
    assert_int_equal(facts->events->len, 2);
    assert_string_equal(g_array_index(facts->events, DatasetEvent, 1).column, "branch_misses");
    assert_int_equal(facts->visits->len, 1);
    assert_near(g_array_index(facts->visits, DatasetVisit, 0).vp_percent, 200, 0);
    assert_int_equal(facts->guests->len, 1);
    assert_int_equal(g_array_index(facts->guests, DatasetGuest, 0).tsc_offset, DATASET_UNKNOWN);
}

static void
a_cursor_gives_one_row_beyond_each_end(void **state)
{
    static const char *const columns[] = { "cycles", "no_such_column", NULL };
    const DatasetPlace *place = *state;
    g_autoptr(DatasetReader) reader = NULL;
    g_autoptr(DatasetCursor) all = NULL;
    g_autoptr(DatasetCursor) middle = NULL;
    DatasetRow rows[16];
    DatasetRow row;
    int n = 0, inside = 0;

    dataset_example(place->path);
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_ok((all = dataset_cursor_open(reader, DATASET_GUEST_SAMPLES, 1, 0, 0, INT64_MAX / 4,
                                         columns, &error_)));
    while (n < 16 && dataset_cursor_next(all, &rows[n], NULL))
        n++;
    assert_true(n >= 4);
    assert_int_equal(rows[0].present, 1); /* the unknown column is never there */

    assert_ok((middle = dataset_cursor_open(reader, DATASET_GUEST_SAMPLES, 1, 0, rows[1].raw_ns + 1,
                                            rows[2].raw_ns - 1, columns, &error_)));
    while (dataset_cursor_next(middle, &row, NULL))
        assert_int_equal(row.raw_ns, rows[1 + inside++].raw_ns);
    assert_int_equal(inside, 2);
}

static void
refuses_a_column_that_is_no_name(void **state)
{
    static const char *const columns[] = { "cycles; DROP TABLE run", NULL };
    const DatasetPlace *place = *state;
    g_autoptr(DatasetReader) reader = NULL;
    g_autoptr(GError) error = NULL;

    dataset_example(place->path);
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_null(dataset_cursor_open(reader, DATASET_GUEST_SAMPLES, 1, 0, 0, 1, columns, &error));
    assert_non_null(error);
}

static void
says_that_a_file_is_no_dataset(void **state)
{
    const DatasetPlace *place = *state;

    assert_refused(place->path, "No such file");
    assert_true(g_file_set_contents(place->path, "", 0, NULL));
    assert_refused(place->path, "not a dataset");
    assert_true(g_file_set_contents(place->path, "time,value\n1,2\n3,4\n5,6\n", -1, NULL));
    assert_refused(place->path, "not a dataset");
    assert_refused(place->dir, "directory");
    g_unlink(place->path);
    change(place->path, "CREATE TABLE run (id)");
    assert_refused(place->path, "not a dataset of insideout");
}

static void
says_that_the_format_is_another(void **state)
{
    const DatasetPlace *place = *state;

    dataset_example(place->path);
    change(place->path, "PRAGMA user_version = 99");
    assert_refused(place->path, "format 99");
}

static void
says_that_a_table_is_missing_or_only_a_view(void **state)
{
    const DatasetPlace *place = *state;

    dataset_example(place->path);
    change(place->path,
           "DROP TABLE note; CREATE VIEW note AS WITH RECURSIVE c(x) AS (SELECT 1 UNION "
           "ALL SELECT x + 1 FROM c) SELECT x AS severity FROM c");
    assert_refused(place->path, "“note”");
}

static void
a_truncated_file_is_an_error_and_no_crash(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *whole = NULL;
    gsize length;

    dataset_example(place->path);
    assert_true(g_file_get_contents(place->path, &whole, &length, NULL));
    for (gsize keep = 100; keep < length; keep += length / 17) {
        DatasetReader *reader;
        GError *error = NULL;

        assert_true(g_file_set_contents(place->path, whole, (gssize) keep, NULL));
        reader = dataset_reader_open(place->path, &error);
        assert_true((reader != NULL) != (error != NULL));
        dataset_reader_free(reader);
        g_clear_error(&error);
    }
}

static void
broken_text_becomes_valid(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetReader) reader = NULL;

    dataset_example(place->path);
    change(place->path, "UPDATE run SET cpu_model = CAST(x'41ff42' AS TEXT)");
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_true(g_utf8_validate(dataset_reader_facts(reader)->run.cpu_model, -1, NULL));
}

static void
a_run_in_progress_can_be_read(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(DatasetWriter) writer = dataset_writer(place->path);
    g_autoptr(DatasetReader) reader = NULL;

    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_run(writer, &dataset_run, &error_));
    assert_ok(writer_commit(writer, &error_));
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_string_equal(dataset_reader_facts(reader)->run.state, "running");
}

/* The reader may not change what it reads, nor leave anything beside it. */
static void
leaves_the_file_as_it_was(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;
    gsize before_length, after_length;

    dataset_example(place->path);
    assert_true(g_file_get_contents(place->path, &before, &before_length, NULL));
    {
        g_autoptr(DatasetReader) reader = NULL;

        assert_ok((reader = dataset_reader_open(place->path, &error_)));
    }
    assert_true(g_file_get_contents(place->path, &after, &after_length, NULL));
    assert_int_equal(before_length, after_length);
    assert_memory_equal(before, after, before_length);
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(reads_what_the_writer_wrote),
        IN_A_PLACE(a_cursor_gives_one_row_beyond_each_end),
        IN_A_PLACE(refuses_a_column_that_is_no_name),
        IN_A_PLACE(says_that_a_file_is_no_dataset),
        IN_A_PLACE(says_that_the_format_is_another),
        IN_A_PLACE(says_that_a_table_is_missing_or_only_a_view),
        IN_A_PLACE(a_truncated_file_is_an_error_and_no_crash),
        IN_A_PLACE(broken_text_becomes_valid),
        IN_A_PLACE(a_run_in_progress_can_be_read),
        IN_A_PLACE(leaves_the_file_as_it_was),
    };

    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
