/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/host_facts.h"

#include <string.h>

#include "common/base/absent.h"
#include "common/base/cpuset.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

static Sysroot *
fixture_root(const char *name)
{
    g_autofree char *path = fixture_path(name);

    return sysroot_new(path);
}

static void
reads_a_bare_metal_node(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    g_autoptr(HostFacts) facts = host_facts_read(root);

    assert_string_equal(facts->cpu_model, "AMD EPYC 7313P 16-Core Processor");
    assert_string_equal(facts->cpu_key, "AuthenticAMD-25-1-1");
    assert_string_equal(facts->microcode, "0xa0011d5");
    assert_string_equal(facts->kernel, "6.1.0-28-amd64");
    assert_null(facts->hypervisor);
    assert_int_equal(CPU_COUNT(&facts->online), 4);
    assert_int_equal(facts->cores, 2);
    assert_int_equal(facts->numa_nodes, 2);
    assert_int_equal(facts->turbo, 1);
    assert_int_equal(facts->nmi_watchdog, 1);
    assert_int_equal(facts->halt_poll_ns, 200000);
    assert_string_equal(facts->thp, "madvise");
    assert_true(facts->pmu);
}

static void
knows_that_a_lab_host_is_a_guest_itself(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-nested-lab");
    g_autoptr(HostFacts) facts = host_facts_read(root);

    assert_string_equal(facts->hypervisor, "qemu");
    assert_int_equal(facts->turbo, 0);
    assert_int_equal(facts->nmi_watchdog, -1);
    assert_true(facts->halt_poll_ns == ABSENT_U64);
    assert_false(facts->pmu);
}

static void
writes_them_as_json(void **state)
{
    g_autoptr(Sysroot) node = fixture_root("host-two-guests");
    g_autoptr(Sysroot) lab = fixture_root("host-nested-lab");
    g_autoptr(HostFacts) node_facts = host_facts_read(node);
    g_autoptr(HostFacts) lab_facts = host_facts_read(lab);
    g_autofree char *node_json = host_facts_to_json(node_facts);
    g_autofree char *lab_json = host_facts_to_json(lab_facts);
    g_autofree char *all =
        g_strdup_printf("%s\n%s\n%s\n", node_json, node_facts->mitigations, lab_json);

    assert_golden("host_facts.json", all);
}

static void
counts_cores_of_a_part_of_the_host(void **state)
{
    g_autoptr(Sysroot) root = fixture_root("host-two-guests");
    cpu_set_t cpus;

    assert_true(cpuset_parse("0,2", &cpus, NULL)); /* siblings */
    assert_int_equal(host_cores(root, &cpus), 1);
    assert_true(cpuset_parse("1,2", &cpus, NULL));
    assert_int_equal(host_cores(root, &cpus), 2);
    assert_true(cpuset_parse("7-9", &cpus, NULL)); /* nothing is told of them */
    assert_int_equal(host_cores(root, &cpus), 3);
}

static void
survives_a_host_that_tells_nothing(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/nonexistent");
    g_autoptr(HostFacts) facts = host_facts_read(root);
    g_autofree char *json = host_facts_to_json(facts);

    assert_null(facts->cpu_model);
    assert_non_null(strstr(json, "\"cpu_model\":null"));
    assert_non_null(strstr(json, "\"memory_kib\":null"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_bare_metal_node),
        cmocka_unit_test(knows_that_a_lab_host_is_a_guest_itself),
        cmocka_unit_test(writes_them_as_json),
        cmocka_unit_test(counts_cores_of_a_part_of_the_host),
        cmocka_unit_test(survives_a_host_that_tells_nothing),
    };

    return cmocka_run_group_tests_name("host_facts", tests, NULL, NULL);
}
