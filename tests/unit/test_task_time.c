/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/task_time.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

#define SECOND_NS 1000000000ull

/* A copy of the parts of a fixture that a test changes under the reader's open files. */
typedef struct {
    char *dir;
    Sysroot *root;
} Copy;

static int
set_up(void **state)
{
    Copy *copy = g_new0(Copy, 1);
    g_autofree char *from = fixture_path("host-two-guests");
    g_autofree char *proc = g_build_filename(from, "proc", NULL);
    const char *argv[] = { "cp", "-r", proc, NULL, NULL };

    copy->dir = g_dir_make_tmp("task-time-XXXXXX", NULL);
    copy->root = sysroot_new(copy->dir);
    argv[3] = copy->dir;
    *state = copy;
    return g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                        NULL, NULL)
               ? 0
               : -1;
}

static int
tear_down(void **state)
{
    Copy *copy = *state;
    const char *argv[] = { "rm", "-r", copy->dir, NULL };

    g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
    sysroot_free(copy->root);
    g_free(copy->dir);
    g_free(copy);
    return 0;
}

static void
set_process_ticks(const Copy *copy, int pid, int utime, int stime)
{
    g_autofree char *path = g_strdup_printf("proc/%d/stat", pid);
    g_autofree char *text =
        g_strdup_printf("%d (a) b (c) S 1 1 1 0 -1 0 0 0 0 0 %d %d 0 0 20 0", pid, utime, stime);

    assert_true(sysroot_write(copy->root, path, text, NULL));
}

static TaskTimes *
follow(const Copy *copy, const char *guest, bool ours)
{
    TaskTimes *times = task_times_new(copy->root);
    g_autoptr(QemuProcess) process = NULL;

    assert_true(qemu_process_find(copy->root, guest, &process, NULL));
    assert_true(task_times_follow(times, process, ours, NULL));
    assert_true(task_times_follow(times, process, ours, NULL));
    return times;
}

static void
counts_ksmd_and_itself(void **state)
{
    const Copy *copy = *state;
    g_autoptr(TaskTimes) times = task_times_new(copy->root);
    uint64_t run_ns[TASK_KINDS];

    task_times_read(times, run_ns);
    assert_int_equal(run_ns[TASK_KSMD], 3 * SECOND_NS);
    assert_true(run_ns[TASK_SELF] > 0);
    assert_int_equal(run_ns[TASK_FOREIGN], 0);
}

static void
counts_what_our_guests_use_beside_their_vcpus(void **state)
{
    const Copy *copy = *state;
    g_autoptr(TaskTimes) times = follow(copy, "web-1", true);
    uint64_t run_ns[TASK_KINDS];

    task_times_read(times, run_ns);
    assert_int_equal(run_ns[TASK_QEMU_OTHER], 0);
    assert_int_equal(run_ns[TASK_VHOST], 120000000);

    /* The process used 20 s more, of which vCPU 0 used 15 s. */
    set_process_ticks(copy, 2101, 9500, 1500);
    assert_true(
        sysroot_write(copy->root, "proc/2101/task/2104/schedstat", "53000000000 1 2\n", NULL));
    task_times_read(times, run_ns);
    assert_int_equal(run_ns[TASK_QEMU_OTHER], 5 * SECOND_NS);
    assert_int_equal(run_ns[TASK_FOREIGN], 0);
}

static void
counts_all_of_a_foreign_guest_from_when_it_was_seen(void **state)
{
    const Copy *copy = *state;
    g_autoptr(TaskTimes) times = follow(copy, "db-1", false);
    uint64_t run_ns[TASK_KINDS];

    set_process_ticks(copy, 3300, 1100, 400);
    task_times_read(times, run_ns);
    assert_int_equal(run_ns[TASK_FOREIGN], 3 * SECOND_NS);
    assert_int_equal(run_ns[TASK_QEMU_OTHER], 0);
}

static void
never_drops(void **state)
{
    const Copy *copy = *state;
    g_autoptr(TaskTimes) times = follow(copy, "db-1", false);
    uint64_t run_ns[TASK_KINDS];

    set_process_ticks(copy, 3300, 1100, 400);
    task_times_read(times, run_ns);
    set_process_ticks(copy, 3300, 1000, 300);
    task_times_read(times, run_ns);
    assert_int_equal(run_ns[TASK_FOREIGN], 3 * SECOND_NS);
    assert_true(sysroot_write(copy->root, "proc/3300/stat", "", NULL));
    task_times_read(times, run_ns);
    assert_int_equal(run_ns[TASK_FOREIGN], 3 * SECOND_NS);
}

static void
names_each_kind(void **state)
{
    for (TaskKind kind = 0; kind < TASK_KINDS; kind++)
        assert_non_null(task_kind_name(kind));
    assert_string_equal(task_kind_name(TASK_QEMU_OTHER), "qemu-other");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_ksmd_and_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_what_our_guests_use_beside_their_vcpus, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(counts_all_of_a_foreign_guest_from_when_it_was_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(never_drops, set_up, tear_down),
        cmocka_unit_test(names_each_kind),
    };

    return cmocka_run_group_tests_name("task_time", tests, NULL, NULL);
}
