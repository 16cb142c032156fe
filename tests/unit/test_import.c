/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/import_index.h"

#include <glib/gstdio.h>

#include "correlate/analysis.h"
#include "correlate/delay_series.h"
#include "correlate/import_write.h"
#include "tests/support/dataset_file.h"
#include "tests/support/near.h"

static char *
save(const DatasetPlace *place, const char *name, const char *text)
{
    char *path = g_build_filename(place->dir, name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

/* Seconds of 1e9 cycles and `misses` branch misses; second 3 is not counted, second 4 half the
 * time. */
static void
save_perf(const DatasetPlace *place, const char *name, int seconds, int misses)
{
    g_autoptr(GString) text = g_string_new("# started on Sat Mar 10 12:00:00 2018\n\n");

    for (int s = 1; s <= seconds; s++) {
        g_string_append_printf(text, "%15.9f,1000000000,,cycles:u,1000000000,100.00,,\n",
                               s * 1.001);
        if (s == 3)
            g_string_append_printf(text, "%15.9f,<not counted>,,branch-misses:u,0,100.00,,\n",
                                   s * 1.001);
        else
            g_string_append_printf(text, "%15.9f,%d,,branch-misses:u,1000000000,%s,,\n", s * 1.001,
                                   misses, s == 4 ? "50.00" : "100.00");
    }
    g_free(save(place, name, text->str));
}

static Analysis *
import(const DatasetPlace *place, const char *index_text)
{
    g_autofree char *path = save(place, "index.json", index_text);
    g_autoptr(ImportIndex) index = NULL;
    Analysis *analysis = NULL;

    assert_ok((index = import_index_load(path, &error_)));
    assert_ok(import_write(index, 0, place->path, &error_));
    assert_ok((analysis = analysis_new(place->path, &error_)));
    return analysis;
}

static void
counts_come_back_with_what_was_not_counted_marked(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(Analysis) analysis = NULL;
    const Visit *visit;
    size_t misses = estimator_index(estimator_find("branch_misses_per_cycle"));

    save_perf(place, "a.csv", 12, 1500000);
    analysis =
        import(place, "{\"version\": 1, \"steps\": [{\"condition\": \"noisy\", \"vp_percent\": 50, "
                      "\"guest\": \"a.csv\"}]}");
    assert_string_equal(analysis->facts->run.counters, "imported");
    assert_int_equal(analysis->facts->run.interval_ns, 1000000000);
    visit = analysis->visits->visits->pdata[0];
    assert_near(visit_mean(visit, misses), 15, 0.3);
    assert_near(visit->vp_percent, 50, 0);
    assert_near(visit->load_percent, 50, 0); /* the pool is not known */
    for (guint e = 0; e < analysis->fidelity->len; e++) {
        const FidelityRow *row = &g_array_index(analysis->fidelity, FidelityRow, e);

        if (g_str_equal(row->event, "branch-misses"))
            assert_true(row->verdicts[VERDICT_SCALED] + row->verdicts[VERDICT_STARVED] >= 2);
        else
            assert_int_equal(row->verdicts[VERDICT_OK], 12);
    }
}

static void
with_a_pool_the_load_is_counted(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(Analysis) analysis = NULL;
    const Visit *visit;

    save_perf(place, "a.csv", 8, 1500000);
    analysis = import(place, "{\"version\": 1, \"pool_cpus\": 40, \"cpu_model\": \"X\", \"load\": "
                             "[\"stress\", \"-c\", \"1\"], \"steps\": [{\"condition\": \"quiet\", "
                             "\"vp_percent\": 100, \"guest\": \"a.csv\", \"repeat\": 2}]}");
    visit = analysis->visits->visits->pdata[0];
    assert_int_equal(visit->runnable, 41);
    assert_true(visit->boundary);
    assert_int_equal(visit->repeat, 2);
    assert_string_equal(analysis->facts->run.load, "[\"stress\",\"-c\",\"1\"]");
}

static void
a_host_file_and_a_delay_series_join_in(void **state)
{
    const DatasetPlace *place = *state;
    g_autoptr(Analysis) analysis = NULL;
    g_autoptr(GString) delay = g_string_new("t_seconds,run_ns,delay_ns\n");
    const Visit *visit;

    save_perf(place, "a.csv", 12, 1500000);
    save_perf(place, "h.csv", 12, 1500000);
    for (int t = 0; t <= 12; t++)
        g_string_append_printf(delay, "%d,%lld,%lld\n", t, t * 600000000ll, t * 400000000ll);
    g_free(save(place, "d.csv", delay->str));
    analysis = import(
        place, "{\"version\": 1, \"steps\": [{\"condition\": \"noisy\", \"vp_percent\": 150, "
               "\"guest\": \"a.csv\", \"host\": \"h.csv\", \"delay\": \"d.csv\"}]}");
    visit = analysis->visits->visits->pdata[0];
    assert_near(visit_delay_share(visit), 0.4, 1e-6);
    assert_near(g_array_index(analysis->fidelity, FidelityRow, 0).median_ratio, 1, 1e-9);
}

static void
assert_index_refused(const DatasetPlace *place, const char *text, const char *because)
{
    g_autofree char *path = save(place, "index.json", text);
    g_autoptr(GError) error = NULL;

    assert_null(import_index_load(path, &error));
    if (!strstr(error->message, because))
        fail_msg("“%s” says not “%s”", error->message, because);
}

static void
a_wrong_index_is_refused_with_its_path(void **state)
{
    const DatasetPlace *place = *state;

    assert_index_refused(place, "{\"version\": 2, \"steps\": []}", "$.version");
    assert_index_refused(place, "{\"version\": 1, \"steps\": []}",
                         "$.steps: want at least one step");
    assert_index_refused(place, "{\"version\": 1, \"steps\": [{\"condition\": \"a\"}]}",
                         "$.steps[0]: the key “vp_percent” is missing");
    assert_index_refused(place,
                         "{\"version\": 1, \"steps\": [{\"condition\": \"a\", \"vp_percent\": 0, "
                         "\"gest\": \"x\"}]}",
                         "did you mean “guest”");
    assert_index_refused(place, "{\"version\": 1, \"pool_cpus\": 0, \"steps\": []}", "$.pool_cpus");
}

/* What is there already stays when the new one cannot be made. */
static void
a_missing_file_leaves_the_old_dataset_alone(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *path = save(place, "index.json",
                                 "{\"version\": 1, \"steps\": [{\"condition\": \"a\", "
                                 "\"vp_percent\": 0, \"guest\": \"missing.csv\"}]}");
    g_autofree char *part = g_strconcat(place->path, ".part", NULL);
    g_autofree char *kept = NULL;
    g_autoptr(ImportIndex) index = NULL;
    g_autoptr(GError) error = NULL;

    g_free(save(place, "precious", "data"));
    assert_true(g_file_set_contents(place->path, "precious", -1, NULL));
    assert_ok((index = import_index_load(path, &error_)));
    assert_false(import_write(index, 0, place->path, &error));
    assert_non_null(strstr(error->message, "missing.csv"));
    assert_true(g_file_get_contents(place->path, &kept, NULL, NULL));
    assert_string_equal(kept, "precious");
    assert_int_not_equal(g_access(part, F_OK), 0);
}

static void
a_delay_series_must_ascend(void **state)
{
    static const struct {
        const char *text, *because;
    } wrong[] = {
        { "t,run,delay\n", ":1: want the heading" },
        { "t_seconds,run_ns,delay_ns\n0,1,1\n1,2\n", ":3: not a row" },
        { "t_seconds,run_ns,delay_ns\n0,1,1\n0,2,2\n", ":3: time must ascend" },
        { "t_seconds,run_ns,delay_ns\n0,5,1\n1,4,2\n",
          ":3: time must ascend and counts may not drop" },
        { "t_seconds,run_ns,delay_ns\n-1,1,1\n", ":2: not a row" },
    };
    const DatasetPlace *place = *state;

    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *path = save(place, "d.csv", wrong[i].text);
        g_autoptr(GError) error = NULL;

        assert_null(delay_series_load(path, &error));
        if (!strstr(error->message, wrong[i].because))
            fail_msg("“%s” says not “%s”", error->message, wrong[i].because);
    }
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(counts_come_back_with_what_was_not_counted_marked),
        IN_A_PLACE(with_a_pool_the_load_is_counted),
        IN_A_PLACE(a_host_file_and_a_delay_series_join_in),
        IN_A_PLACE(a_wrong_index_is_refused_with_its_path),
        IN_A_PLACE(a_missing_file_leaves_the_old_dataset_alone),
        IN_A_PLACE(a_delay_series_must_ascend),
    };

    return cmocka_run_group_tests_name("import", tests, NULL, NULL);
}
