/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which events are asked for, which guests are followed, and what does not fit. */
#include "hostctl/stat/stat_watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "hostctl/stat/stat_setup.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"
#include "tests/support/pmu_cpus.h"
#include "tests/support/sim_pmu.h"

static StatEvents *
parse(const char *list, GError **error)
{
    const char *const lists[] = { list, NULL };

    return stat_events_parse(lists, error);
}

static void
assert_cells(const char *list, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(StatEvents) events = parse(list, &error);
    g_autoptr(GString) got = g_string_new(NULL);

    if (!events)
        fail_msg("%s: %s", list, error->message);
    for (unsigned i = 0; i < events->n_cells; i++)
        g_string_append_printf(got, "%s%s/%s", i ? " " : "", events->cells[i].event.printable,
                               stat_mode_name(events->cells[i].mode));
    assert_string_equal(got->str, want);
}

static void
a_hardware_event_is_counted_in_both_modes_apart(void **state)
{
    assert_cells("cycles", "cycles:G/guest cycles:H/host");
    assert_cells("cycles:G", "cycles:G/guest");
    assert_cells("cycles:uH", "cycles:uH/host");
    assert_cells("cycles:GH", "cycles/both");
    assert_cells("task-clock:G,cs", "task-clock/both cs/both");
    assert_cells("task-clock, cycles:H", "task-clock/both cycles:H/host");
    assert_cells("r00c5", "r00c5:G/guest r00c5:H/host");
}

static void
wrong_events_are_wrong_usage(void **state)
{
    static const char *const wrong[] = { "nonsense", "{cycles,instructions}", "cycles:Q", "",
                                         "cycles,,task-clock" };

    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;

        assert_null(parse(wrong[i], &error));
        assert_int_equal(error->code, FAILURE_USAGE);
    }
}

static void
seventeen_events_are_too_many_for_a_mode(void **state)
{
    g_autoptr(GString) list = g_string_new("r0001:G");
    g_autoptr(GError) error = NULL;

    for (int i = 2; i <= EVENT_MAX + 1; i++)
        g_string_append_printf(list, ",r%04x:G", i);
    assert_null(parse(list->str, &error));
    assert_non_null(strstr(error->message, "guest mode"));
}

/* The host of two guests, web-1 with two vCPUs and db-1 with one, on a simulated PMU. */
typedef struct {
    char *path;
    Sysroot *root;
    SimPmu *sim;
    StatEvents *events;
    StatSetup setup;
    GString *windows; /* "web-1/0 web-1/1 " */
} Host;

static Host
host(void)
{
    static const pid_t threads[] = { 2104, 2105, 3301 };
    Host made = { .path = fixture_copy("host-two-guests"),
                  .sim = sim_pmu_new(&(SimPmuOptions){ .no_pmu = true }),
                  .events = parse("task-clock", NULL),
                  .windows = g_string_new(NULL) };

    for (size_t i = 0; i < G_N_ELEMENTS(threads); i++)
        sim_pmu_thread_starts(made.sim, threads[i]);
    made.root = sysroot_new(made.path);
    made.setup =
        (StatSetup){ .root = made.root, .kernel = sim_pmu_kernel(made.sim), .events = made.events };
    return made;
}

static void
clear(Host *made)
{
    g_string_free(made->windows, TRUE);
    stat_events_free(made->events);
    sysroot_free(made->root);
    sim_pmu_free(made->sim);
    fixture_copy_free(made->path);
}

static void
remember(const StatWindow *window, void *data)
{
    g_string_append_printf(data, "%s/%u ", window->domain, window->vcpu);
}

static void
assert_prints(Host *made, StatWatch *watch, const char *want)
{
    g_string_truncate(made->windows, 0);
    assert_true(stat_watch_look(watch, NULL));
    assert_true(stat_watch_print(watch, remember, made->windows, NULL));
    assert_string_equal(made->windows->str, want);
}

static void
every_guest_is_counted_when_none_is_named(void **state)
{
    Host made = host();
    g_autoptr(StatWatch) watch = stat_watch_new(&made.setup, NULL, NULL);

    assert_non_null(watch);
    assert_prints(&made, watch, "db-1/0 web-1/0 web-1/1 ");
    stat_watch_free(g_steal_pointer(&watch));
    clear(&made);
}

static void
a_guest_that_stops_has_one_window_more_and_comes_back_as_a_new_one(void **state)
{
    static const char *const names[] = { "db-1", NULL };
    Host made = host();
    g_autoptr(StatWatch) watch = stat_watch_new(&made.setup, names, NULL);
    g_autofree char *folder = g_build_filename(made.path, "proc/3300", NULL);
    g_autofree char *away = g_build_filename(made.path, "away", NULL);

    assert_prints(&made, watch, "db-1/0 ");
    assert_int_equal(rename(folder, away), 0);
    assert_prints(&made, watch, "db-1/0 ");
    assert_prints(&made, watch, "");
    assert_int_equal(rename(away, folder), 0);
    assert_prints(&made, watch, "db-1/0 ");
    stat_watch_free(g_steal_pointer(&watch));
    clear(&made);
}

/* The same number, another thread: its start time is another, and of the old one's times nothing is
 * left to read. */
static void
a_thread_id_that_was_given_away_is_not_counted_on(void **state)
{
    static const char *const names[] = { "db-1", NULL };
    Host made = host();
    g_autoptr(StatWatch) watch = stat_watch_new(&made.setup, names, NULL);
    g_autofree char *path = g_build_filename(made.path, "proc/3300/task/3301/stat", NULL);
    g_autofree char *stat = NULL;
    g_autofree char *file = g_build_filename(made.path, "proc/3300/task/3301/schedstat", NULL);
    g_auto(GStrv) words = NULL;
    g_autofree char *later = NULL;
    int schedstat;

    assert_true(g_file_get_contents(path, &stat, NULL, NULL));
    words = g_strsplit(g_strchomp(stat), " ", -1);
    g_free(words[22]);
    words[22] = g_strdup("99999999");
    later = g_strjoinv(" ", words);
    fixture_change(made.path, "proc/3300/task/3301/stat", later);
    schedstat = open(file, O_WRONLY | O_TRUNC | O_CLOEXEC); /* in place: the watch has it open */
    assert_true(schedstat >= 0);
    assert_prints(&made, watch, "db-1/0 "); /* the old one's last */
    assert_int_equal(write(schedstat, "5 6 7\n", 6), 6);
    close(schedstat);
    assert_prints(&made, watch, "db-1/0 ");
    stat_watch_free(g_steal_pointer(&watch));
    clear(&made);
}

static void
a_guest_that_does_not_run_is_an_error_that_lists_those_that_do(void **state)
{
    static const char *const names[] = { "web-1", "nobody", NULL };
    Host made = host();
    g_autoptr(GError) error = NULL;

    assert_null(stat_watch_new(&made.setup, names, &error));
    assert_non_null(strstr(error->message, "nobody"));
    assert_non_null(strstr(error->message, "db-1"));
    clear(&made);
}

static void
notes_are_said_once_for_a_guest(void **state)
{
    Host made = host();
    g_autoptr(StatWatch) watch = NULL;
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    stat_events_free(made.events);
    made.events = parse("task-clock,cycles:G", NULL);
    made.setup.events = made.events;
    watch = stat_watch_new(&made.setup, NULL, NULL);
    first = stat_watch_take_notes(watch);
    assert_non_null(strstr(first, "db-1: not counted: "));
    assert_non_null(strstr(first, "web-1: not counted: "));
    assert_true(stat_watch_look(watch, NULL));
    second = stat_watch_take_notes(watch);
    assert_null(second);
    stat_watch_free(g_steal_pointer(&watch));
    clear(&made);
}

static void
what_does_not_fit_is_said_before_counting(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/nonexistent");
    g_autoptr(StatEvents) few = parse("cycles,branch-misses", NULL);
    g_autoptr(StatEvents) many = parse("cycles,instructions,branches,branch-misses", NULL);
    g_autoptr(StatEvents) software = parse("task-clock", NULL);
    PmuCapacity zen = pmu_cpus_capacity(pmu_cpus_find("EPYC Zen 3"));
    StatSetup setup = { .root = root, .events = few };
    g_autofree char *note = NULL;

    assert_null(stat_setup_budget_note(&setup, &zen));
    setup.events = software;
    assert_null(stat_setup_budget_note(&setup, &zen));
    setup.events = many;
    note = stat_setup_budget_note(&setup, &zen);
    assert_non_null(strstr(note, "6 general counters"));
}

static void
the_hosts_files_decide_what_may_be_counted(void **state)
{
    static const struct {
        const char *fixture;
        bool counts, no_guest_mode;
    } machines[] = {
        { "host-mediated-7x", true, true },
        { "host-icelake", true, false },
        { "host-hybrid-laptop", false, false },
    };
    g_autoptr(StatEvents) hardware = parse("cycles", NULL);
    g_autoptr(StatEvents) software = parse("task-clock", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        char *path = fixture_copy(machines[i].fixture);
        g_autoptr(Sysroot) root = sysroot_new(path);
        g_autoptr(GError) error = NULL;
        StatSetup setup = { 0 };

        assert_int_equal(stat_setup_read(root, hardware, &setup, &error), machines[i].counts);
        assert_int_equal(setup.no_guest_mode, machines[i].no_guest_mode);
        if (!machines[i].counts)
            assert_non_null(strstr(error->message, "two kinds of cores"));
        assert_true(stat_setup_read(root, software, &setup, NULL));
        fixture_change(path, "sys/kernel/tracing/events/kvm/kvm_exit/id", "1517\n");
        assert_true(stat_setup_read(root, software, &setup, NULL));
        assert_int_equal(setup.exit_tracepoint, 1517);
        fixture_copy_free(path);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hardware_event_is_counted_in_both_modes_apart),
        cmocka_unit_test(wrong_events_are_wrong_usage),
        cmocka_unit_test(seventeen_events_are_too_many_for_a_mode),
        cmocka_unit_test(every_guest_is_counted_when_none_is_named),
        cmocka_unit_test(a_guest_that_stops_has_one_window_more_and_comes_back_as_a_new_one),
        cmocka_unit_test(a_thread_id_that_was_given_away_is_not_counted_on),
        cmocka_unit_test(a_guest_that_does_not_run_is_an_error_that_lists_those_that_do),
        cmocka_unit_test(notes_are_said_once_for_a_guest),
        cmocka_unit_test(what_does_not_fit_is_said_before_counting),
        cmocka_unit_test(the_hosts_files_decide_what_may_be_counted),
    };

    return cmocka_run_group_tests_name("stat_watch", tests, NULL, NULL);
}
