/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/dataset-format.md against the datasets that are really written. */
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "common/dataset/schema.h"
#include "tests/support/dataset_file.h"

static char *
read_document(void)
{
    g_autofree char *path =
        g_build_filename(g_getenv("TEST_DATA_DIR"), "..", "docs", "dataset-format.md", NULL);
    char *text = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static void
every_query_of_the_document_gives_a_row(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *text = read_document();
    g_auto(GStrv) blocks = g_strsplit(text, "```sql\n", -1);

    dataset_example(place->path);
    assert_true(g_strv_length(blocks) > 5);
    for (char **block = blocks + 1; *block; block++) {
        char *end = strstr(*block, "\n```");
        g_autofree char *answer = NULL;

        assert_non_null(end);
        *end = '\0';
        answer = dataset_ask(place->path, *block);
        if (g_str_equal(answer, "no row"))
            fail_msg("no row: %s", *block);
    }
}

static void
the_views_give_the_ratios_of_the_example(void **state)
{
    const DatasetPlace *place = *state;

    dataset_example(place->path);
    assert_answer(
        place->path,
        "select group_concat(1e4*branch_misses/cycles) from guest_window where cycles > 0",
        "1.5,1.5,1.5");
    assert_answer(place->path, "select count(*) from guest_window where cycles is null", "1");
    assert_answer(place->path, "select max(window_ns) from host_window", "1000000000");
    assert_answer(place->path, "select max(t_seconds) from host_window", "3.0");
    assert_answer(place->path, "select max(wait_ratio) from sched_window", "0.25");
}

static void
a_counter_that_drops_has_no_window(void **state)
{
    const DatasetPlace *place = *state;

    dataset_example(place->path);
    assert_answer(place->path, "update guest_sample set cycles = 5 where raw_ns = 3000000000",
                  "no row");
    assert_answer(place->path,
                  "select ifnull(cycles, 'none') from guest_window where t_seconds = 2", "none");
    assert_answer(place->path, "select branch_misses from guest_window where t_seconds = 2", "300");
    assert_answer(place->path, "select cycles from guest_window where t_seconds = 3", "7999995");
}

static void
a_window_knows_whose_turn_it_was(void **state)
{
    const DatasetPlace *place = *state;
    DatasetWriter *writer = dataset_writer(place->path);
    const PhaseRow phases[] = { { 1, "guest-only", 4, "cycles,branch-misses", NULL },
                                { 2, "host-only", 3, NULL, "{cycles}:G" },
                                { 2, "host-only", 4, NULL, "{cycles,branch-misses}:G" } };

    assert_ok(writer_begin(writer, &error_));
    assert_ok(writer_run(writer, &dataset_run, &error_));
    for (size_t i = 0; i < G_N_ELEMENTS(phases); i++)
        assert_ok(writer_phase(writer, &phases[i], &error_));
    assert_ok(writer_commit(writer, &error_));
    assert_ok(writer_finish(writer, "complete", &error_));
    writer_free(writer);
    assert_answer(place->path, "select count(*) || sum(windows) from phase", "28");
    assert_answer(place->path, "select host from phase where position = 2 and guest is null",
                  "{cycles,branch-misses}:G");

    unlink(place->path);
    dataset_example(place->path); /* where all counts all the time */
    assert_answer(place->path, "select count(phase) from guest_window where cycles > 0", "0");
    assert_answer(place->path, "select count(phase) from host_window", "0");
}

static void
the_document_names_every_table_and_column(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *text = read_document();
    g_autofree char *names = NULL;

    dataset_example(place->path);
    names = dataset_ask(
        place->path, "select group_concat(distinct c.name) || ',' || group_concat(distinct t.name)"
                     " from sqlite_schema t join pragma_table_info(t.name) c"
                     " where t.type in ('table', 'view')"
                     " and c.name not in ('cycles', 'branch_misses')");
    g_auto(GStrv) all = g_strsplit(names, ",", -1);
    assert_true(g_strv_length(all) > 100);
    for (char **name = all; *name; name++) {
        g_autofree char *pattern = g_strdup_printf("\\b%s\\b", *name);

        if (!g_regex_match_simple(pattern, text, 0, 0))
            fail_msg("docs/dataset-format.md does not name “%s”", *name);
    }
}

static void
the_document_has_the_format_of_the_code(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *text = read_document();
    g_autofree char *title = g_strdup_printf("# The dataset, format %d\n", DATASET_FORMAT);
    g_autofree char *version = g_strdup_printf("%d", DATASET_FORMAT);
    g_autofree char *id = g_strdup_printf("%#x", DATASET_APPLICATION_ID);
    g_autofree char *id_number = g_strdup_printf("%d", DATASET_APPLICATION_ID);

    dataset_example(place->path);
    assert_non_null(strstr(text, title));
    assert_non_null(strstr(text, id));
    assert_answer(place->path, "pragma user_version", version);
    assert_answer(place->path, "pragma application_id", id_number);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, dataset_place_set_up, dataset_place_tear_down)
        TEST(every_query_of_the_document_gives_a_row),
        TEST(the_views_give_the_ratios_of_the_example),
        TEST(a_counter_that_drops_has_no_window),
        TEST(a_window_knows_whose_turn_it_was),
        TEST(the_document_names_every_table_and_column),
        TEST(the_document_has_the_format_of_the_code),
    };

    return cmocka_run_group_tests_name("dataset_format", tests, NULL, NULL);
}
