/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/sysroot.h"
#include "hostctl/collect/task_time.h"
#include "hostctl/run/hogs.h"
#include "tests/support/cmocka_all.h"

#define PATIENCE_MS 10000

static cpu_set_t
our_cpus(void)
{
    cpu_set_t cpus;

    assert_int_equal(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    return cpus;
}

static bool
is_gone(pid_t pid)
{
    return kill(pid, 0) < 0 && errno == ESRCH;
}

static void
use_cpu_time_until_they_are_stopped(void **state)
{
    cpu_set_t cpus = our_cpus();
    g_autoptr(Hogs) hogs = hogs_start(HOG_BRANCHES, 2, &cpus, NULL);
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(TaskTimes) times = task_times_new(root);
    uint64_t first_ns[TASK_KINDS], ns[TASK_KINDS] = { 0 };
    pid_t pids[2];

    assert_non_null(hogs);
    assert_int_equal(hogs_pids(hogs)->len, 2);
    for (guint i = 0; i < 2; i++) {
        pids[i] = g_array_index(hogs_pids(hogs), pid_t, i);
        assert_true(task_times_follow_hog(times, pids[i], NULL));
    }
    task_times_read(times, first_ns);
    for (int waited = 0; ns[TASK_HOG] <= first_ns[TASK_HOG] && waited < PATIENCE_MS; waited++) {
        g_usleep(1000);
        task_times_read(times, ns);
    }
    assert_true(ns[TASK_HOG] > first_ns[TASK_HOG]);

    g_clear_pointer(&hogs, hogs_stop);
    assert_true(is_gone(pids[0]) && is_gone(pids[1]));
    task_times_read(times, first_ns);
    assert_true(first_ns[TASK_HOG] >= ns[TASK_HOG]);
}

static void
one_kind_touches_more_memory_than_caches_hold(void **state)
{
    cpu_set_t cpus = our_cpus();
    g_autoptr(Hogs) hogs = hogs_start(HOG_BANDWIDTH, 1, &cpus, NULL);
    g_autofree char *path = NULL;
    unsigned long pages = 0;

    assert_non_null(hogs);
    path = g_strdup_printf("/proc/%d/statm", (int) g_array_index(hogs_pids(hogs), pid_t, 0));
    for (int waited = 0; pages * 4 < HOG_MEMORY_KIB && waited < PATIENCE_MS; waited++) {
        g_autofree char *text = NULL;

        g_usleep(1000);
        assert_true(g_file_get_contents(path, &text, NULL, NULL));
        assert_int_equal(sscanf(text, "%*u %lu", &pages), 1);
    }
    assert_true(pages * 4 >= HOG_MEMORY_KIB);
}

static void
none_are_none(void **state)
{
    cpu_set_t cpus = our_cpus();
    g_autoptr(Hogs) hogs = hogs_start(HOG_BRANCHES, 0, &cpus, NULL);

    assert_non_null(hogs);
    assert_int_equal(hogs_pids(hogs)->len, 0);
}

/* The pid of the hog of a process that then kills itself. */
static pid_t
hog_of_a_killed_process(void)
{
    int ends[2];
    pid_t pid, hog = 0;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        cpu_set_t cpus = our_cpus();
        Hogs *hogs = hogs_start(HOG_BRANCHES, 1, &cpus, NULL);

        if (write(ends[1], &g_array_index(hogs_pids(hogs), pid_t, 0), sizeof hog) == sizeof hog)
            raise(SIGKILL);
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &hog, sizeof hog), sizeof hog);
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return hog;
}

/* An orphan belongs to whoever adopts it, and may stay a zombie there. */
static bool
has_ended(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int) pid);
    g_autofree char *text = NULL;

    return !g_file_get_contents(path, &text, NULL, NULL) || strstr(text, ") Z ");
}

static void
end_with_a_process_that_is_killed(void **state)
{
    pid_t hog = hog_of_a_killed_process();

    for (int waited = 0; !has_ended(hog) && waited < PATIENCE_MS; waited++)
        g_usleep(1000);
    assert_true(has_ended(hog));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(use_cpu_time_until_they_are_stopped),
        cmocka_unit_test(one_kind_touches_more_memory_than_caches_hold),
        cmocka_unit_test(none_are_none),
        cmocka_unit_test(end_with_a_process_that_is_killed),
    };

    return cmocka_run_group_tests_name("hogs", tests, NULL, NULL);
}
