/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/far_kvm.h"

#include <string.h>

#include "tests/support/cmocka_all.h"
#include "tests/support/host_tree.h"

static void
finds_the_hosts_cpu_among_its_capabilities(void **state)
{
    g_autofree char *cpu = far_kvm_host_cpu(
        "<capabilities><host><cpu><model>EPYC</model><feature name='svm'/></cpu></host>"
        "<guest><cpu><model>486</model></cpu></guest></capabilities>");

    assert_non_null(cpu);
    assert_true(g_str_has_prefix(cpu, "<cpu>"));
    assert_non_null(strstr(cpu, "<model>EPYC</model>"));
    assert_null(strstr(cpu, "486"));
    assert_true(far_kvm_cpu_able(cpu));
}

static void
a_cpu_without_virtualization_is_not_able(void **state)
{
    assert_true(far_kvm_cpu_able("<cpu><model>Haswell</model><feature name='vmx'/></cpu>"));
    assert_false(far_kvm_cpu_able("<cpu><model>Haswell</model><feature name='hypervisor'/></cpu>"));
    assert_false(far_kvm_cpu_able("<cpu><model>vmx</model></cpu>"));
    assert_false(far_kvm_cpu_able("<cpu"));
}

static void
capabilities_without_a_cpu_have_none(void **state)
{
    static const char *const others[] = { "", "<capabilities",
                                          "<capabilities><host/></capabilities>",
                                          "<cpu><feature name='svm'/></cpu>" };

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        assert_null(far_kvm_host_cpu(others[i]));
}

/* libvirt's driver for tests has no KVM. */
static void
says_why_a_libvirt_has_no_kvm(void **state)
{
    const HostTree *tree = *state;
    g_autoptr(Connection) connection =
        connection_open("test:///default", tree->state, 20000, NULL, NULL);
    g_autofree char *reason = NULL;

    assert_non_null(connection);
    assert_false(far_kvm_usable(connection, &reason));
    assert_string_equal(reason, "its libvirt does not offer it");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_hosts_cpu_among_its_capabilities),
        cmocka_unit_test(a_cpu_without_virtualization_is_not_able),
        cmocka_unit_test(capabilities_without_a_cpu_have_none),
        cmocka_unit_test_setup_teardown(says_why_a_libvirt_has_no_kvm, host_tree_setup,
                                        host_tree_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
