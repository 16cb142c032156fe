/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/stat_print.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"
#include "tests/support/near.h"

#define ROW(text, count, enabled, running)                                            \
    {                                                                                 \
        .name = text, .event = event_find(text), .source = "hardware",                \
        .is_time = stat_is_time(event_find(text)), .supported = true, .value = count, \
        .enabled_ns = enabled, .running_ns = running,                                 \
    }

/* One second of two CPUs, all kinds of cells in it. */
static StatWindow
example(void)
{
    StatWindow window = {
        .end_ns = 61001059759,
        .elapsed_ns = 1000000000,
        .n_rows = 10,
        .rows = {
            ROW("task-clock", 2002359652, 2002359652, 2002359652),
            ROW("context-switches", 87, 2002359652, 2002359652),
            ROW("page-faults", 15313, 2002359652, 2002359652),
            ROW("cycles", 5000000000.4, 2000000000, 1500000000),
            ROW("instructions", 7500000000, 2000000000, 1500000000),
            ROW("branches", 1000000000, 2000000000, 1500000000),
            ROW("branch-misses", 32500000, 2000000000, 1500000000),
            ROW("cache-misses", 1234567, 2000000000, 2000000000),
            ROW("r00c5", NAN, 2000000000, 0),
            ROW("ref-cycles", NAN, 0, 0),
        },
    };

    window.rows[9].supported = false;
    stat_window_add_metrics(&window);
    return window;
}

typedef void (*Print)(FILE *out, const StatWindow *window);

static char *
printed(Print print)
{
    const StatWindow window = example();
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    print(out, &window);
    fclose(out);
    return text;
}

static void
as_csv(FILE *out, const StatWindow *window)
{
    stat_print_csv(out, window, &(StatStyle){ .with_time = true, .separator = "," });
    stat_print_csv(out, window, &(StatStyle){ .separator = ";" });
}

static void
as_json(FILE *out, const StatWindow *window)
{
    StatWindow emulated = *window;

    stat_print_json(out, window, &(StatStyle){ .with_time = true });
    for (unsigned i = 0; i < emulated.n_rows; i++)
        emulated.rows[i].source = "emulated";
    stat_print_json(out, &emulated, &(StatStyle){ 0 });
}

static void
as_table(FILE *out, const StatWindow *window)
{
    stat_print_table_head(out, false);
    stat_print_table(out, window, &(StatStyle){ .with_time = true });
    stat_print_table(out, window, &(StatStyle){ 0 });
}

static void
prints_csv_as_perf_does(void **state)
{
    char *text = printed(as_csv);

    assert_golden("guestprobe.csv", text);
    free(text);
}

static void
prints_json_as_perf_does(void **state)
{
    char *text = printed(as_json);

    assert_golden("guestprobe.json", text);
    free(text);
}

static void
prints_a_table_for_people(void **state)
{
    char *text = printed(as_table);

    assert_golden("guestprobe.txt", text);
    free(text);
}

static void
takes_the_ratios_that_perf_takes(void **state)
{
    StatWindow window = example();

    assert_near(window.rows[0].metric.value, 2.002359652, 1e-9); /* CPUs utilized */
    assert_near(window.rows[1].metric.value, 43.4487, 1e-3);     /* a second of CPU time */
    assert_near(window.rows[2].metric.value, 7.6475, 1e-3);      /* thousands of it */
    assert_near(window.rows[3].metric.value, 2.4971, 1e-3);      /* GHz */
    assert_near(window.rows[4].metric.value, 1.5, 1e-9);         /* instructions per cycle */
    assert_near(window.rows[6].metric.value, 3.25, 1e-9);        /* percent of branches */
    assert_string_equal(window.rows[5].metric.unit, "M/sec");
    assert_null(window.rows[7].metric.unit); /* without cache-references: nothing */
    assert_null(window.rows[8].metric.unit);
}

static void
has_no_ratio_without_its_base(void **state)
{
    StatWindow window = { .elapsed_ns = 1000,
                          .n_rows = 2,
                          .rows = { ROW("cycles", 10, 1, 1), ROW("page-faults", 10, 1, 1) } };

    stat_window_add_metrics(&window);
    assert_null(window.rows[0].metric.unit);
    assert_null(window.rows[1].metric.unit);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_csv_as_perf_does),
        cmocka_unit_test(prints_json_as_perf_does),
        cmocka_unit_test(prints_a_table_for_people),
        cmocka_unit_test(takes_the_ratios_that_perf_takes),
        cmocka_unit_test(has_no_ratio_without_its_base),
    };

    return cmocka_run_group_tests_name("probe_print", tests, NULL, NULL);
}
