/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/sched.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

static Sysroot *
fixture_root(const char *name)
{
    g_autofree char *path = fixture_path(name);

    return sysroot_new(path);
}

static void
reads_three_numbers_and_nothing_else(void **state)
{
    static const char *const broken[] = { "",         "1",       "1 2",
                                          "1 2 ",     "1 2 3 4", "1 2 x",
                                          "-1 2 3",   " 1 2 3",  "1  2 3",
                                          "1 2 3\n4", "1,2,3",   "18446744073709551616 0 0" };
    SchedReading reading = { .run_ns = 7 };

    for (size_t i = 0; i < G_N_ELEMENTS(broken); i++)
        if (sched_parse(broken[i], &reading))
            fail_msg("“%s” was read", broken[i]);
    assert_int_equal(reading.run_ns, 7);
    assert_true(sched_parse("18446744073709551615 2 3\n", &reading));
    assert_true(reading.run_ns == UINT64_MAX);
    assert_int_equal(reading.delay_ns, 2);
    assert_int_equal(reading.slices, 3);
}

static void
reads_a_thread_of_a_node(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    QemuThread thread = { .pid = 2101, .tid = 2105, .start_ticks = 5002, .name = "CPU 1/KVM" };
    SchedFile file = SCHED_FILE_CLOSED;
    SchedReading reading;

    assert_true(sched_open(root, &thread, &file, NULL));
    for (int tick = 0; tick < 2; tick++) {
        assert_int_equal(sched_read(&file, &reading), SCHED_READ);
        assert_int_equal(reading.run_ns, 45000000000);
        assert_int_equal(reading.delay_ns, 5000000000);
        assert_int_equal(reading.slices, 70000);
    }
    sched_close(&file);
    assert_int_equal(file.fd, -1);
    sched_close(&file);
}

static void
refuses_a_thread_id_that_another_thread_has_now(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    QemuThread thread = { .pid = 2101, .tid = 2105, .start_ticks = 4999, .name = "CPU 1/KVM" };
    g_autoptr(GError) error = NULL;
    SchedFile file = SCHED_FILE_CLOSED;

    assert_false(sched_open(root, &thread, &file, &error));
    assert_non_null(strstr(error->message, "2105"));
    assert_int_equal(file.fd, -1);
}

typedef struct {
    pthread_t thread;
    pid_t tid;
    pthread_barrier_t started, may_end;
} Worker;

static void *
work(void *data)
{
    Worker *worker = data;

    worker->tid = gettid();
    pthread_barrier_wait(&worker->started);
    pthread_barrier_wait(&worker->may_end);
    return NULL;
}

static void
says_that_a_thread_has_ended(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    QemuThread thread = { .pid = getpid(), .name = "worker" };
    SchedFile file = SCHED_FILE_CLOSED;
    SchedReading reading = { .slices = 0 };
    Worker worker;

    pthread_barrier_init(&worker.started, NULL, 2);
    pthread_barrier_init(&worker.may_end, NULL, 2);
    assert_int_equal(pthread_create(&worker.thread, NULL, work, &worker), 0);
    pthread_barrier_wait(&worker.started);
    thread.tid = worker.tid;
    assert_true(thread_start_ticks(root, thread.pid, thread.tid, &thread.start_ticks, NULL));
    assert_true(sched_open(root, &thread, &file, NULL));
    assert_int_equal(sched_read(&file, &reading), SCHED_READ);
    assert_true(reading.slices > 0);

    pthread_barrier_wait(&worker.may_end);
    pthread_join(worker.thread, NULL);
    /* pthread_join() returns a little before the kernel lets the thread go. */
    while (sched_read(&file, &reading) == SCHED_READ)
        g_usleep(1000);
    assert_int_equal(sched_read(&file, &reading), SCHED_GONE);
    sched_close(&file);
    pthread_barrier_destroy(&worker.started);
    pthread_barrier_destroy(&worker.may_end);
}

static void
finds_accounting_on_this_machine(void **state)
{
    g_autoptr(Sysroot) live = sysroot_new("/");
    g_autoptr(Sysroot) tree = fixture_root("host-two-guests");

    assert_true(sched_accounting_is_on(live));
    assert_true(sched_accounting_is_on(tree));
}

static void
says_how_many_open_files_are_missing(void **state)
{
    g_autoptr(GError) error = NULL;
    struct rlimit limit;

    assert_true(sched_raise_limit(1, NULL));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_max = MIN(limit.rlim_max, 4096);
    limit.rlim_cur = MIN(limit.rlim_cur, limit.rlim_max);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_false(sched_raise_limit(5000, &error));
    assert_non_null(strstr(error->message, "5000"));
    assert_non_null(strstr(error->message, "4096"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_three_numbers_and_nothing_else),
        cmocka_unit_test(reads_a_thread_of_a_node),
        cmocka_unit_test(refuses_a_thread_id_that_another_thread_has_now),
        cmocka_unit_test(says_that_a_thread_has_ended),
        cmocka_unit_test(finds_accounting_on_this_machine),
        cmocka_unit_test(says_how_many_open_files_are_missing),
    };

    return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
