/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/window_writer.h"

#include <json-glib/json-glib.h>

#include "correlate/analysis.h"
#include "tests/support/dataset_file.h"
#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

static char *export(const DatasetPlace *place, const char *format)
{
    g_autoptr(DatasetReader) reader = NULL;
    g_autoptr(ClockTable) clocks = NULL;
    g_autoptr(WindowWriter) writer = NULL;
    Exclusions exclusions = { 0 };
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_ok(synthetic_run_write(&synthetic_plan_default, place->path, &error_));
    assert_ok((reader = dataset_reader_open(place->path, &error_)));
    assert_ok((clocks = clock_table_new(reader, &error_)));
    assert_ok((writer = window_writer_new(format, dataset_reader_facts(reader), out, &error_)));
    assert_ok(analysis_walk(reader, clocks, true, window_writer_add, writer, &exclusions, &error_));
    fclose(out);
    return text;
}

static void
csv_has_one_row_a_window_and_as_many_cells_as_names(void **state)
{
    char *text = export(*state, "csv");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) names = g_strsplit(lines[0], ",", -1);

    assert_int_equal(g_strv_length(lines), 1 + 300 + 1); /* the last one is empty */
    for (int i = 1; i <= 300; i += 37) {
        g_auto(GStrv) cells = g_strsplit(lines[i], ",", -1);

        assert_int_equal(g_strv_length(cells), g_strv_length(names));
    }
    free(text);
}

static void
json_objects_hold_both_views(void **state)
{
    char *text = export(*state, "json");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(JsonNode) node = json_from_string(lines[0], NULL);
    JsonObject *row = json_node_get_object(node);

    assert_string_equal(json_object_get_string_member(row, "condition"), "quiet");
    assert_near(json_object_get_double_member(row, "guest_cycles"),
                json_object_get_double_member(row, "host_cycles"), 1e6);
    assert_near(json_object_get_double_member(row, "branch_misses_per_cycle"), 15, 2);
    assert_true(json_object_get_null_member(row, "canary_miss_rate"));
    free(text);
}

static void
refuses_another_format(void **state)
{
    const DatasetFacts facts = { 0 };
    g_autoptr(GError) error = NULL;

    assert_null(window_writer_new("xml", &facts, stdout, &error));
    assert_non_null(strstr(error->message, "xml"));
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(csv_has_one_row_a_window_and_as_many_cells_as_names),
        IN_A_PLACE(json_objects_hold_both_views),
        cmocka_unit_test(refuses_another_format),
    };

    return cmocka_run_group_tests_name("window_writer", tests, NULL, NULL);
}
