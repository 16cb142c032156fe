/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/ksm.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

static Sysroot *
fixture_root(const char *name)
{
    g_autofree char *path = fixture_path(name);

    return sysroot_new(path);
}

static void
reads_an_old_kernel_and_knows_what_it_does_not_tell(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    KsmStats stats;

    assert_true(ksm_read(root, &stats, NULL));
    assert_int_equal(stats.run, 1);
    assert_int_equal(stats.pages_to_scan, 1000);
    assert_int_equal(stats.pages_shared, 1200);
    assert_int_equal(stats.pages_sharing, 48000);
    assert_int_equal(stats.full_scans, 17);
    assert_true(stats.smart_scan == ABSENT_U64);
    assert_true(stats.ksm_zero_pages == ABSENT_U64);
    assert_true(stats.general_profit_bytes == ABSENT_I64);
    assert_string_equal(stats.advisor_mode, "");
}

static void
reads_a_new_kernel(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-nested-lab");
    KsmStats stats;

    assert_true(ksm_read(root, &stats, NULL));
    assert_int_equal(stats.smart_scan, 1);
    assert_int_equal(stats.ksm_zero_pages, 7);
    assert_int_equal(stats.pages_skipped, 9);
    assert_int_equal(stats.general_profit_bytes, -2048);
    assert_string_equal(stats.advisor_mode, "none");
    assert_true(stats.max_page_sharing == ABSENT_U64);
}

static void
reads_this_machine_or_says_that_it_has_none(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(GError) error = NULL;
    KsmStats stats;

    if (!ksm_read(root, &stats, &error))
        assert_int_equal(error->code, FAILURE_UNSUPPORTED);
    else
        assert_true(stats.run <= 2);
}

static void
says_that_a_kernel_has_no_ksm(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/nonexistent");
    g_autoptr(GError) error = NULL;
    KsmStats stats = { .pages_shared = 7 };

    assert_false(ksm_read(root, &stats, &error));
    assert_int_equal(error->code, FAILURE_UNSUPPORTED);
    assert_int_equal(stats.pages_shared, 7);
}

static void
assert_kept_number(KeptNumber *number, uint64_t wanted)
{
    uint64_t value = 0;

    assert_true(kept_number_read(number, &value));
    assert_int_equal(value, wanted);
    kept_number_close(number);
}

static void
reads_a_process_in_every_format(void **state)
{
    g_autoptr(Sysroot) old = fixture_root("host-two-guests");
    g_autoptr(Sysroot) new = fixture_root("host-nested-lab");
    KeptNumber number;

    assert_true(ksm_open_process(old, 2101, &number));
    assert_kept_number(&number, 1234);
    assert_true(ksm_open_process(new, 700, &number));
    assert_kept_number(&number, 42);
    assert_false(ksm_open_process(new, 710, &number));
}

static void
is_not_fooled_by_a_process_called_ksmd(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(Sysroot) none = sysroot_new("/nonexistent");

    assert_int_equal(ksm_daemon_pid(root), 44);
    assert_int_equal(ksm_daemon_pid(none), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_old_kernel_and_knows_what_it_does_not_tell),
        cmocka_unit_test(reads_a_new_kernel),
        cmocka_unit_test(reads_this_machine_or_says_that_it_has_none),
        cmocka_unit_test(says_that_a_kernel_has_no_ksm),
        cmocka_unit_test(reads_a_process_in_every_format),
        cmocka_unit_test(is_not_fooled_by_a_process_called_ksmd),
    };

    return cmocka_run_group_tests_name("ksm", tests, NULL, NULL);
}
