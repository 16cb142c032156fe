/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts the same seconds with perf stat and with guestprobe, and compares line by line. */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/base/text.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/needs.h"
#include "tests/support/run_program.h"

/* One CPU kept busy for the seconds that both look at, so that there is something to agree on. */
#define SHELL(probe_options, perf_options)                                                      \
    "sh -c 'i=0; while :; do i=$((i+1)); done' & load=$!; "                                     \
    "\"$GUESTPROBE\" -I 1000 --for 3 -e task-clock,context-switches,page-faults " probe_options \
    " -o \"$DIR/probe\" & probe=$!; "                                                           \
    "perf stat -a -I 1000 -e task-clock,context-switches,page-faults " perf_options             \
    " -o \"$DIR/perf\" sleep 3.2; wait $probe; code=$?; kill $load; exit $code"
#define COMPARED_LINES 6 /* three events of the first two seconds; perf's third may be cut */

typedef struct {
    char *folder;
    char **probe, **perf; /* lines of output */
} Outputs;

/* Without perf's comment lines and empty lines. */
static char **
read_lines(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) all = NULL;
    g_autoptr(GPtrArray) lines = g_ptr_array_new();

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    all = g_strsplit(text, "\n", -1);
    for (char **line = all; *line; line++)
        if (**line && **line != '#')
            g_ptr_array_add(lines, g_strdup(*line));
    g_ptr_array_add(lines, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}

static Outputs
count_with_both(const char *script)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    g_auto(ProgramResult) result = { 0 };
    Outputs outputs = { .folder = g_dir_make_tmp("guestprobe-perf-XXXXXX", NULL) };
    const char *const clean[] = { "rm", "-r", outputs.folder, NULL };

    g_setenv("DIR", outputs.folder, TRUE);
    result = run_program(argv);
    if (result.exit_code != 0)
        fail_msg("exit %d: %s", result.exit_code, result.err);
    outputs.probe = read_lines(outputs.folder, "probe");
    outputs.perf = read_lines(outputs.folder, "perf");
    {
        g_auto(ProgramResult) cleaned = run_program(clean);

        assert_int_equal(cleaned.exit_code, 0);
    }
    assert_int_equal(g_strv_length(outputs.probe), 9);
    assert_true(g_strv_length(outputs.perf) >= COMPARED_LINES);
    return outputs;
}

static void
outputs_clear(Outputs *outputs)
{
    g_free(outputs->folder);
    g_strfreev(outputs->probe);
    g_strfreev(outputs->perf);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outputs, outputs_clear)

static double
number(const char *text)
{
    double value;

    if (!text_to_double(text, &value, NULL))
        fail_msg("“%s” is no number", text);
    return value;
}

/*
 * The two windows begin some milliseconds apart. Two CPUs' clocks agree within that; switches and
 * faults come in bursts, so of them only the order of magnitude must be the same.
 */
static void
assert_close(const char *event, double probe, double perf)
{
    double tolerance = g_str_equal(event, "task-clock") ? 0.1 * perf : 0.9 * MAX(probe, perf) + 100;

    if (ABS(probe - perf) > tolerance)
        fail_msg("%s: %g, perf has %g", event, probe, perf);
}

static void
prints_the_same_csv_columns_and_near_counts(void **state)
{
    g_auto(Outputs) outputs = count_with_both(SHELL("-x,", "-x,"));

    for (int i = 0; i < COMPARED_LINES; i++) {
        g_auto(GStrv) probe = g_strsplit(outputs.probe[i], ",", -1);
        g_auto(GStrv) perf = g_strsplit(outputs.perf[i], ",", -1);

        assert_int_equal(g_strv_length(probe), g_strv_length(perf));
        assert_int_equal(strlen(probe[0]), strlen(perf[0])); /* the time, with its blanks */
        assert_string_equal(probe[2], perf[2]);              /* unit */
        assert_string_equal(probe[3], perf[3]);              /* event */
        assert_string_equal(probe[5], perf[5]);              /* percent running */
        assert_close(probe[3], number(probe[1]), number(perf[1]));
        assert_close("task-clock", number(probe[4]), number(perf[4])); /* run time */
        if (g_str_equal(probe[3], "task-clock"))
            assert_string_equal(probe[7], perf[7]); /* “CPUs utilized” */
        else
            assert_true(g_str_has_suffix(probe[7], "/sec") && g_str_has_suffix(perf[7], "/sec"));
    }
}

static void
prints_the_same_json_keys_and_near_counts(void **state)
{
    g_auto(Outputs) outputs = count_with_both(SHELL("-j", "-j"));

    for (int i = 0; i < COMPARED_LINES; i++) {
        g_autoptr(JsonNode) probe_node = json_from_string(outputs.probe[i], NULL);
        g_autoptr(JsonNode) perf_node = json_from_string(outputs.perf[i], NULL);
        JsonObject *probe = json_node_get_object(probe_node);
        JsonObject *perf = json_node_get_object(perf_node);
        g_autoptr(GList) keys = json_object_get_members(perf);
        const char *event = json_object_get_string_member(perf, "event");

        for (GList *key = keys; key; key = key->next) {
            JsonNode *ours = json_object_get_member(probe, key->data);
            JsonNode *theirs = json_object_get_member(perf, key->data);

            if (!ours)
                fail_msg("no key %s", (const char *) key->data);
            assert_int_equal(json_node_get_value_type(ours) == G_TYPE_STRING,
                             json_node_get_value_type(theirs) == G_TYPE_STRING);
        }
        assert_string_equal(json_object_get_string_member(probe, "event"), event);
        assert_string_equal(json_object_get_string_member(probe, "unit"),
                            json_object_get_string_member(perf, "unit"));
        assert_close(event, number(json_object_get_string_member(probe, "counter-value")),
                     number(json_object_get_string_member(perf, "counter-value")));
    }
}

static void
says_not_supported_where_perf_does(void **state)
{
    const char *const argv[] = {
        "sh", "-c",
        "\"$GUESTPROBE\" -x, -e task-clock,cycles -- true 2>&1 >/dev/null; "
        "perf stat -x, -e task-clock,cycles -- true 2>&1 >/dev/null",
        NULL
    };
    g_auto(ProgramResult) result = run_program(argv);
    const char *line = "<not supported>,,cycles,0,100.00,,\n";
    const char *first = strstr(result.out, line);

    if (machine_has("hardware-counters"))
        return;
    assert_non_null(first);
    assert_non_null(strstr(first + 1, line));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_the_same_csv_columns_and_near_counts),
        cmocka_unit_test(prints_the_same_json_keys_and_near_counts),
        cmocka_unit_test(says_not_supported_where_perf_does),
    };
    g_autofree char *perf = g_find_program_in_path("perf");

    if (!perf) {
        g_print("SKIP: perf is not installed\n");
        return TEST_SKIPPED;
    }
    if (!machine_has("root"))
        return TEST_SKIPPED;
    return cmocka_run_group_tests_name("guestprobe_perf", tests, NULL, NULL);
}
