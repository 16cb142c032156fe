/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/memory.h"

#include <string.h>

#include "common/base/failure.h"
#include "hostctl/collect/pressure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

static Sysroot *
fixture_root(const char *name)
{
    g_autofree char *path = fixture_path(name);

    return sysroot_new(path);
}

static void
reads_what_the_host_has_left(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    MemoryStats stats;

    assert_true(memory_read(root, &stats, NULL));
    assert_int_equal(stats.total_kib, 16384000);
    assert_int_equal(stats.available_kib, 9000000);
    assert_int_equal(stats.swap_total_kib, 2097152);
    assert_int_equal(stats.swap_used_kib, 97152);
}

static void
reads_what_a_process_holds(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    uint64_t rss_kib = 0;
    KeptNumber number;

    assert_true(memory_open_rss(root, 2101, &number));
    assert_true(kept_number_read(&number, &rss_kib));
    assert_int_equal(rss_kib, 524288);
    kept_number_close(&number);
    assert_false(memory_open_rss(root, 9999, &number));
}

static void
reads_the_pressure_of_host_and_cgroup(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-nested-lab");
    PressureStats stats;

    assert_true(pressure_read(root, &stats, NULL));
    assert_int_equal(stats.cpu_some_us, 4046379);
    assert_int_equal(stats.memory_some_us, 11);
    assert_int_equal(stats.memory_full_us, 7);
    assert_int_equal(stats.io_some_us, 500);
    assert_int_equal(stats.io_full_us, 400);
    assert_true(pressure_read_cgroup(root, "sys/fs/cgroup/machine.slice/a.scope", &stats, NULL));
    assert_int_equal(stats.memory_full_us, 17);
}

static void
says_that_a_kernel_has_no_pressure(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(GError) error = NULL;
    PressureStats stats = { .io_full_us = 7 };

    assert_false(pressure_read(root, &stats, &error));
    assert_int_equal(error->code, FAILURE_UNSUPPORTED);
    assert_int_equal(stats.io_full_us, 7);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_host_has_left),
        cmocka_unit_test(reads_what_a_process_holds),
        cmocka_unit_test(reads_the_pressure_of_host_and_cgroup),
        cmocka_unit_test(says_that_a_kernel_has_no_pressure),
    };

    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
