/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/cpu_time.h"

#include "common/base/cpuset.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

#define TICK_NS 10000000ull

static void
reads_each_cpu_in_ns(void **state)
{
    g_autofree char *path = fixture_path("host-two-guests");
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(CpuTimes) times = cpu_times_new(root, NULL);
    const CpuTime *cpus;
    size_t n;

    assert_non_null(times);
    assert_true(cpu_times_read(times, NULL));
    cpus = cpu_times_get(times, &n);
    assert_int_equal(n, 4);
    assert_int_equal(cpus[3].cpu, 3);
    assert_int_equal(cpus[3].user_ns, (103 + 10) * TICK_NS);
    assert_int_equal(cpus[3].system_ns, 50 * TICK_NS);
    assert_int_equal(cpus[3].idle_ns, 1000 * TICK_NS);
    assert_int_equal(cpus[3].iowait_ns, 20 * TICK_NS);
    assert_int_equal(cpus[3].irq_ns, (2 + 4) * TICK_NS);
    assert_int_equal(cpus[3].steal_ns, 1 * TICK_NS);
}

static void
sums_what_a_pool_was_busy(void **state)
{
    g_autofree char *path = fixture_path("host-two-guests");
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(CpuTimes) times = cpu_times_new(root, NULL);
    cpu_set_t pool;

    assert_true(cpuset_parse("1-2", &pool, NULL));
    assert_true(cpu_times_read(times, NULL));
    assert_int_equal(cpu_times_busy_ns(times, &pool),
                     (101 + 102 + 2 * (10 + 50 + 2 + 4)) * TICK_NS);
}

static void
counts_the_cpus_of_a_pool_that_are_online(void **state)
{
    g_autofree char *path = fixture_path("host-two-guests");
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(CpuTimes) times = cpu_times_new(root, NULL);
    cpu_set_t pool;

    assert_true(cpuset_parse("2-5", &pool, NULL));
    assert_true(cpu_times_read(times, NULL));
    assert_int_equal(cpu_times_online(times, &pool), 2);
}

static void
does_not_take_the_sum_for_a_cpu(void **state)
{
    g_autofree char *path = fixture_path("host-nested-lab");
    g_autoptr(Sysroot) root = sysroot_new(path);
    g_autoptr(CpuTimes) times = cpu_times_new(root, NULL);
    g_autoptr(GError) error = NULL;

    assert_false(cpu_times_read(times, &error));
    assert_non_null(error);
}

static void
grows_with_the_work_of_this_machine(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(CpuTimes) times = cpu_times_new(root, NULL);
    uint64_t before_ns, after_ns;
    cpu_set_t all;

    CPU_ZERO(&all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        CPU_SET(cpu, &all);
    assert_true(cpu_times_read(times, NULL));
    before_ns = after_ns = cpu_times_busy_ns(times, &all);
    assert_true(before_ns > 0);
    while (after_ns <= before_ns) {
        assert_true(cpu_times_read(times, NULL));
        after_ns = cpu_times_busy_ns(times, &all);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_cpu_in_ns),
        cmocka_unit_test(sums_what_a_pool_was_busy),
        cmocka_unit_test(counts_the_cpus_of_a_pool_that_are_online),
        cmocka_unit_test(does_not_take_the_sum_for_a_cpu),
        cmocka_unit_test(grows_with_the_work_of_this_machine),
    };

    return cmocka_run_group_tests_name("cpu_time", tests, NULL, NULL);
}
