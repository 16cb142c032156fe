/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What KVM shows of a guest's TSC, and what of the PMU it leaves to the host. */
#include "hostctl/collect/kvm_pmu.h"
#include "hostctl/collect/kvm_tsc.h"

#include "tests/support/cmocka_all.h"
#include "tests/support/fixture_copy.h"

#define VCPU "sys/kernel/debug/kvm/4711-13/vcpu0/"

static void
maps_a_guests_tsc_into_the_hosts(void **state)
{
    char *copy = fixture_copy("host-icelake");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    KvmTsc tsc;

    fixture_change(copy, VCPU "tsc-offset", "-5000000000\n");
    assert_true(kvm_tsc_read(root, 4711, 0, &tsc));
    assert_int_equal(tsc.offset, -5000000000);
    assert_int_equal(kvm_tsc_to_host(&tsc, 1000), 5000001000);

    fixture_change(copy, VCPU "tsc-scaling-ratio", "562949953421312\n"); /* 2 << 48 */
    fixture_change(copy, VCPU "tsc-scaling-ratio-frac-bits", "48\n");
    assert_true(kvm_tsc_read(root, 4711, 0, &tsc));
    assert_int_equal(tsc.frac_bits, 48);
    assert_int_equal(kvm_tsc_to_host(&tsc, 1000), 2500000500);
    fixture_copy_free(copy);
}

static void
knows_no_map_of_a_guest_that_kvm_does_not_show(void **state)
{
    char *copy = fixture_copy("host-icelake");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    KvmTsc tsc;

    assert_false(kvm_tsc_read(root, 4711, 0, &tsc));
    fixture_change(copy, VCPU "tsc-offset", "-5000000000\n");
    assert_false(kvm_tsc_read(root, 471, 0, &tsc));
    assert_false(kvm_tsc_read(root, 4711, 1, &tsc));
    fixture_change(copy, VCPU "tsc-offset", "many\n");
    assert_false(kvm_tsc_read(root, 4711, 0, &tsc));
    fixture_copy_free(copy);
}

static void
sees_what_is_left_of_the_pmu(void **state)
{
    char *copy = fixture_copy("host-mediated-7x");
    g_autoptr(Sysroot) root = sysroot_new(copy);
    PmuCapacity capacity;

    assert_true(kvm_pmu_is_mediated(root));
    fixture_change(copy, "proc/sys/kernel/nmi_watchdog", "1\n");
    assert_true(kvm_pmu_has_watchdog(root));
    fixture_change(copy, "proc/sys/kernel/nmi_watchdog", "0\n");
    assert_false(kvm_pmu_has_watchdog(root));
    assert_true(kvm_pmu_capacity(root, &capacity));
    fixture_copy_free(copy);

    copy = fixture_copy("host-cascadelake-ht");
    sysroot_free(g_steal_pointer(&root));
    root = sysroot_new(copy);
    assert_false(kvm_pmu_is_mediated(root));
    assert_true(kvm_pmu_capacity(root, &capacity));
    assert_int_equal(capacity.general, 4);
    fixture_copy_free(copy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_a_guests_tsc_into_the_hosts),
        cmocka_unit_test(knows_no_map_of_a_guest_that_kvm_does_not_show),
        cmocka_unit_test(sees_what_is_left_of_the_pmu),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
