/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/accelerator.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

#define CPU(flags) "processor\t: 0\nmodel name\t: X\nflags\t\t: fpu " flags " sse\nbugs\t\t: vmx\n"

static void
takes_kvm_where_the_cpu_and_the_device_are_there(void **state)
{
    const char *const flags[] = { CPU("vmx"), CPU("svm") };
    HostTree *tree = *state;

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        g_autofree char *reason = NULL;
        Accelerator accelerator;

        host_tree_put(tree, "proc/cpuinfo", flags[i]);
        host_tree_put(tree, "dev/kvm", "");
        assert_true(accelerator_choose(tree->root, "auto", &accelerator, &reason, NULL));
        assert_int_equal(accelerator, ACCELERATOR_KVM);
    }
}

static void
takes_tcg_when_the_device_is_there_but_not_the_flag(void **state)
{
    HostTree *tree = *state;
    g_autofree char *reason = NULL;
    Accelerator accelerator;

    host_tree_put(tree, "proc/cpuinfo", CPU("vmxoff"));
    host_tree_put(tree, "dev/kvm", "");
    assert_true(accelerator_choose(tree->root, "auto", &accelerator, &reason, NULL));
    assert_int_equal(accelerator, ACCELERATOR_TCG);
    assert_non_null(strstr(reason, "vmx"));
}

static void
refuses_kvm_that_is_asked_for_and_says_why(void **state)
{
    HostTree *tree = *state;
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;
    Accelerator accelerator;

    host_tree_put(tree, "proc/cpuinfo", CPU("svm"));
    assert_false(accelerator_choose(tree->root, "kvm", &accelerator, &reason, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
    assert_non_null(strstr(error->message, "/dev/kvm"));
    assert_null(reason);
}

static void
takes_tcg_when_it_is_asked_for(void **state)
{
    HostTree *tree = *state;
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;
    Accelerator accelerator = ACCELERATOR_KVM;

    host_tree_put(tree, "proc/cpuinfo", CPU("vmx"));
    host_tree_put(tree, "dev/kvm", "");
    assert_true(accelerator_choose(tree->root, "tcg", &accelerator, &reason, NULL));
    assert_int_equal(accelerator, ACCELERATOR_TCG);
    assert_false(accelerator_choose(tree->root, "xen", &accelerator, &reason, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, host_tree_setup, host_tree_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(takes_kvm_where_the_cpu_and_the_device_are_there),
        CASE(takes_tcg_when_the_device_is_there_but_not_the_flag),
        CASE(refuses_kvm_that_is_asked_for_and_says_why),
        CASE(takes_tcg_when_it_is_asked_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
