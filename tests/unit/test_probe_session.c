/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/stat_session.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "common/base/failure.h"
#include "guestprobe/child.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fake_kernel.h"
#include "tests/support/golden.h"
#include "tests/support/near.h"

static const char *const cycles_and_misses[] = { "cycles", "branch-misses", NULL };

/* A guest of one CPU whose PMU and /proc/stat do what a test says. */
typedef struct {
    FakeKernel fake;
    char *folder;
    Sysroot *root;
    StatSession *session;
} Fixture;

static void
write_file(const Fixture *fixture, const char *path, const char *text)
{
    g_autofree char *full = g_build_filename(fixture->folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    FILE *file;

    assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
    file = fopen(full, "w"); /* in place: the session keeps it open */
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void
set_busy_ticks(const Fixture *fixture, int ticks)
{
    g_autofree char *text = g_strdup_printf("cpu0 %d 0 0 0 0 0 0 0 0 0\nctxt 1\n", ticks);

    write_file(fixture, "proc/stat", text);
}

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);

    fake_kernel_init(&fixture->fake);
    fixture->folder = g_dir_make_tmp("probe-session-XXXXXX", NULL);
    fixture->root = sysroot_new(fixture->folder);
    write_file(fixture, "sys/devices/system/cpu/online", "0\n");
    set_busy_ticks(fixture, 0);
    fixture->session = stat_session_open(fixture->root, COUNTER_SOURCE_AUTO, cycles_and_misses, 0,
                                         &fixture->fake.kernel, NULL);
    *state = fixture;
    return fixture->session ? 0 : -1;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;
    const char *const remove[] = { "rm", "-r", fixture->folder, NULL };
    Child child;

    stat_session_close(fixture->session);
    sysroot_free(fixture->root);
    if (child_fork(&(ChildSpec){ .argv = remove }, &child) == 0 && child_exec(&child) == 0)
        waitpid(child.pid, NULL, 0);
    g_free(fixture->folder);
    g_free(fixture);
    return 0;
}

static StatWindow
next_window(Fixture *fixture, uint64_t cycles, uint64_t misses, uint64_t enabled_ns,
            uint64_t running_ns)
{
    StatWindow window;

    fixture->fake.values[0] += cycles;
    fixture->fake.values[1] += misses;
    fixture->fake.enabled_ns += enabled_ns;
    fixture->fake.running_ns += running_ns;
    assert_true(stat_session_next(fixture->session, &window, NULL));
    return window;
}

static void
gives_what_was_counted_between_two_readings(void **state)
{
    Fixture *fixture = *state;
    StatWindow first = next_window(fixture, 1000, 10, 500, 500);
    StatWindow second = next_window(fixture, 3000, 20, 500, 500);

    assert_int_equal(stat_session_source(fixture->session), COUNTER_SOURCE_HARDWARE);
    assert_string_equal(stat_session_note(fixture->session), "");
    assert_near(first.rows[0].value, 1000, 0);
    assert_near(second.rows[0].value, 3000, 0);
    assert_near(second.rows[1].value, 20, 0);
    assert_int_equal(second.rows[0].running_ns, 500);
    assert_string_equal(second.rows[1].name, "branch-misses");
    assert_true(second.end_ns >= first.end_ns);
}

static void
scales_a_window_that_was_counted_in_part(void **state)
{
    StatWindow window = next_window(*state, 1000, 10, 500, 250);

    assert_near(window.rows[0].value, 2000, 1e-9);
    assert_int_equal(window.rows[0].enabled_ns, 500);
    assert_int_equal(window.rows[0].running_ns, 250);
}

static void
never_gives_zero_for_a_starved_window(void **state)
{
    StatWindow window = next_window(*state, 0, 0, 500, 0);

    assert_true(window.rows[0].supported);
    assert_true(isnan(window.rows[0].value));
}

static void
does_not_believe_zero_cycles_of_a_busy_guest_and_arms_anew(void **state)
{
    Fixture *fixture = *state;
    StatWindow window;

    set_busy_ticks(fixture, 50);
    window = next_window(fixture, 0, 3, 500, 500);
    assert_true(isnan(window.rows[0].value));
    assert_true(isnan(window.rows[1].value));
    assert_int_equal(fixture->fake.n_disables, 1);
    assert_int_equal(fixture->fake.n_enables, 2);

    window = next_window(fixture, 0, 0, 500, 500); /* idle since: zero may be true */
    assert_near(window.rows[0].value, 0, 0);
}

static void
counts_a_command_from_its_exec(void **state)
{
    static const char *const events[] = { "task-clock", "page-faults", "cycles", NULL };
    static const char *const argv[] = { "sh", "-c", "true; true", NULL };
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(StatSession) session = NULL;
    StatWindow before, after;
    Child child;

    assert_int_equal(child_fork(&(ChildSpec){ .argv = argv }, &child), 0);
    session = stat_session_open(root, COUNTER_SOURCE_SOFTWARE, events, child.pid, NULL, NULL);
    assert_non_null(session);
    assert_true(stat_session_next(session, &before, NULL));
    assert_true(isnan(before.rows[0].value)); /* it has not run */
    assert_int_equal(child_exec(&child), 0);
    assert_int_equal(waitpid(child.pid, NULL, 0), child.pid);
    assert_true(stat_session_next(session, &after, NULL));
    assert_true(after.rows[0].value > 0);
    assert_true(after.rows[1].value > 0);
    assert_false(after.rows[2].supported);
    assert_string_equal(stat_session_note(session),
                        "software counters; not counted: cycles: no software event");
}

static void
says_that_there_is_no_page(void **state)
{
    g_autofree char *path = fixture_path("guest-bare");
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(GError) error = NULL;

    assert_null(
        stat_session_open(root, COUNTER_SOURCE_EMULATED, cycles_and_misses, 0, NULL, &error));
    assert_non_null(error);
}

#define with_a_guest(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_a_guest(gives_what_was_counted_between_two_readings),
        with_a_guest(scales_a_window_that_was_counted_in_part),
        with_a_guest(never_gives_zero_for_a_starved_window),
        with_a_guest(does_not_believe_zero_cycles_of_a_busy_guest_and_arms_anew),
        cmocka_unit_test(counts_a_command_from_its_exec),
        cmocka_unit_test(says_that_there_is_no_page),
    };

    return cmocka_run_group_tests_name("probe_session", tests, NULL, NULL);
}
