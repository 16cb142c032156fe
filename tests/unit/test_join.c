/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/join.h"

#include "correlate/analysis.h"
#include "tests/support/dataset_file.h"
#include "tests/support/near.h"
#include "tests/support/synthetic_run.h"

typedef struct {
    GString *csv;
    int64_t start_ns; /* of the first window, in the host's raw time */
} Teller;

/* A guest's file with the host's own counts. */
static bool
tell(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    Teller *teller = data;
    double t;

    if (teller->csv->len == 0)
        teller->start_ns = window->start_ns;
    t = (double) (window->end_ns - teller->start_ns) / 1e9;
    g_string_append_printf(teller->csv,
                           "%.9f,%.0f,,cycles,1000000000,100.00,,\n"
                           "%.9f,%.0f,,branch-misses,1000000000,100.00,,\n",
                           t, window->host_count[0], t, window->host_count[3]);
    return true;
}

/* One long visit in which the vCPU waits now more, now less. Gives the time at which it began. */
static int64_t
write_pair(const DatasetPlace *place, char **ret_host, char **ret_guest)
{
    static const double steps[] = { 150 };
    static const char *const conditions[] = { "quiet", NULL };
    SyntheticPlan plan = synthetic_plan_default;
    g_autoptr(GString) csv = g_string_new(NULL);
    g_autoptr(DatasetReader) reader = NULL;
    g_autoptr(ClockTable) clocks = NULL;
    Exclusions ignored = { 0 };
    Teller teller = { .csv = csv };

    *ret_host = g_build_filename(place->dir, "host.db", NULL);
    *ret_guest = g_build_filename(place->dir, "guest.csv", NULL);
    plan.repeats = 1;
    plan.steps_percent = steps;
    plan.n_steps = 1;
    plan.conditions = conditions;
    plan.measure_seconds = 120;
    plan.drop_seconds = 20;
    assert_ok(synthetic_run_write(&plan, *ret_host, &error_));
    assert_ok((reader = dataset_reader_open(*ret_host, &error_)));
    assert_ok((clocks = clock_table_new(reader, &error_)));
    assert_ok(analysis_walk(reader, clocks, false, tell, &teller, &ignored, &error_));
    assert_true(g_file_set_contents(*ret_guest, csv->str, -1, NULL));
    return teller.start_ns;
}

static void
the_guests_file_is_found_where_the_counts_agree(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *host = NULL;
    g_autofree char *guest = NULL;
    g_autoptr(Analysis) analysis = NULL;
    const JoinOptions options = { .guest_name = "vm-micro", .search_seconds = 30 };
    int64_t start_ns = write_pair(place, &host, &guest);
    JoinFit fit;

    assert_ok(join_write(host, guest, &options, place->path, &fit, &error_));
    assert_near((double) fit.start_raw_ns, (double) start_ns, 0.05e9);
    assert_true(fit.correlation > 0.99);
    assert_true(fit.bound_seconds < 0.5);

    assert_ok((analysis = analysis_new(place->path, &error_)));
    assert_string_equal(analysis->facts->run.command, "join");
    assert_near(clock_table_summary(analysis->clocks).bound_ns, fit.bound_seconds * 1e9, 1);
    assert_near(g_array_index(analysis->fidelity, FidelityRow, 0).median_ratio, 1, 0.02);
    assert_false(lag_sweep_is_off(&analysis->lags));
}

static void
a_wrong_wall_stamp_is_corrected_by_the_counts(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *host = NULL;
    g_autofree char *guest = NULL;
    int64_t start_ns = write_pair(place, &host, &guest);
    /* Wall time of the synthetic run is its raw time and a constant; the stamp is 7 s late. */
    const JoinOptions options = { .guest_name = "vm-micro",
                                  .started_wall_ns =
                                      1700000000000000000ll + start_ns + 7000000000ll,
                                  .search_seconds = 15 };
    JoinFit fit;

    assert_ok(join_write(host, guest, &options, place->path, &fit, &error_));
    assert_near((double) fit.start_raw_ns, (double) start_ns, 0.05e9);
}

static void
says_which_guest_is_missing(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *host = NULL;
    g_autofree char *guest = NULL;
    g_autoptr(GError) error = NULL;
    const JoinOptions other = { .guest_name = "web-3" }, none = { .guest_name = NULL };
    JoinFit fit;

    write_pair(place, &host, &guest);
    assert_false(join_write(host, guest, &other, place->path, &fit, &error));
    assert_non_null(strstr(error->message, "web-3"));
    g_clear_error(&error);
    assert_false(join_write(host, guest, &none, place->path, &fit, &error));
    assert_non_null(strstr(error->message, "--guest"));
}

static void
a_file_that_fits_nowhere_is_refused(void **state)
{
    const DatasetPlace *place = *state;
    g_autofree char *host = NULL;
    g_autofree char *guest = NULL;
    g_autoptr(GString) noise = g_string_new(NULL);
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_autoptr(GError) error = NULL;
    const JoinOptions options = { .guest_name = "vm-micro", .search_seconds = 30 };
    JoinFit fit;

    write_pair(place, &host, &guest);
    for (int s = 1; s <= 120; s++)
        g_string_append_printf(noise, "%d.0,%d,,cycles,9,100.00,,\n", s,
                               g_rand_int_range(random, 1, 1000000));
    assert_true(g_file_set_contents(guest, noise->str, -1, NULL));
    assert_false(join_write(host, guest, &options, place->path, &fit, &error));
    assert_non_null(strstr(error->message, "--start"));
}

#define IN_A_PLACE(test) \
    cmocka_unit_test_setup_teardown(test, dataset_place_set_up, dataset_place_tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(the_guests_file_is_found_where_the_counts_agree),
        IN_A_PLACE(a_wrong_wall_stamp_is_corrected_by_the_counts),
        IN_A_PLACE(says_which_guest_is_missing),
        IN_A_PLACE(a_file_that_fits_nowhere_is_refused),
    };

    return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
