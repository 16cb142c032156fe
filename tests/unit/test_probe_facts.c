/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/guest_facts.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/json_text.h"
#include "common/wire/message.h"
#include "guestprobe/cpu_times.h"
#include "guestprobe/port.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

static Sysroot *
fixture(const char *name)
{
    g_autofree char *path = fixture_path(name);

    return sysroot_new(path);
}

static CpuidWords
signature(const char *letters, uint32_t eax)
{
    uint32_t words[3];

    memcpy(words, letters, sizeof words);
    return (CpuidWords){ eax, words[0], words[1], words[2] };
}

static CpuidWords
bare_metal(uint32_t leaf)
{
    return (CpuidWords){ 0 };
}

static CpuidWords
on_kvm(uint32_t leaf)
{
    switch (leaf) {
    case 1:
        return (CpuidWords){ .ecx = 1u << 31 };
    case 0x40000000:
        return signature("KVMKVMKVM\0\0\0", 0x40000001);
    case 0x40000001:
        return (CpuidWords){ .eax = 1u << 5 };
    default:
        return (CpuidWords){ 0 };
    }
}

/* With Hyper-V's leaves for a Windows guest, KVM's own lie behind them. */
static CpuidWords
on_kvm_for_windows(uint32_t leaf)
{
    if (leaf == 0x40000000)
        return signature("Microsoft Hv", 0x40000005);
    return leaf == 0x40000001 ? (CpuidWords){ 0 } : on_kvm(leaf & ~0x100u);
}

static CpuidWords
on_tcg(uint32_t leaf)
{
    return leaf == 0x40000000 ? signature("TCGTCGTCGTCG", 0x40000001) : on_kvm(leaf == 1);
}

static CpuidWords
on_something_new(uint32_t leaf)
{
    return leaf == 0x40000000 ? signature("NewVisorNewV", 0) : on_kvm(leaf == 1);
}

static const struct {
    CpuidFunc cpuid;
    const char *name;
    bool steal_clock;
} machines[] = {
    { bare_metal, "none", false },
    { on_kvm, "KVM", true },
    { on_kvm_for_windows, "KVM", true },
    { on_tcg, "TCG", false },
    { on_something_new, "NewVisorNewV", false },
};

static void
knows_its_hypervisor(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(machines); i++) {
        Hypervisor hypervisor = hypervisor_detect(machines[i].cpuid);

        assert_string_equal(hypervisor.name, machines[i].name);
        assert_int_equal(hypervisor.steal_clock, machines[i].steal_clock);
    }
}

static JsonNode *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    JsonNode *node = json_from_string(text, &error);

    if (!node)
        fail_msg("%s: %s", error->message, text);
    return node;
}

static void
tells_the_facts_of_a_guest(void **state)
{
    g_autoptr(Sysroot) root = fixture("guest-kvm");
    g_autofree char *text = guest_facts_json(root, on_kvm);
    g_autoptr(JsonNode) node = parse(text);
    JsonObject *facts = json_node_get_object(node);

    assert_null(strchr(text, '\n'));
    assert_true(strlen(text) < WIRE_FACTS_MAX);
    assert_string_equal(json_object_get_string_member(facts, "kernel"), "6.1.0-56-cloud-amd64");
    assert_string_equal(json_object_get_string_member(facts, "cpu_model"),
                        "Intel(R) \"Test\" CPU @ 2.50GHz");
    assert_string_equal(json_object_get_string_member(facts, "hypervisor"), "KVM");
    assert_string_equal(json_object_get_string_member(facts, "clocksource"), "kvm-clock");
    assert_string_equal(json_object_get_string_member(facts, "ptp_kvm"), "ptp1");
    assert_true(json_object_get_boolean_member(facts, "pmu"));
    assert_false(json_object_get_boolean_member(facts, "emulated_pmu"));
    assert_true(json_object_get_boolean_member(facts, "steal_clock"));
    assert_false(json_object_get_boolean_member(facts, "steal_governor"));
    assert_true(json_object_get_boolean_member(facts, "symbols"));
    assert_int_equal(json_object_get_int_member(facts, "memory_kib"), 196608);
    assert_int_equal(json_object_get_int_member(facts, "cpus"), 2);
    assert_string_equal(json_object_get_string_member(facts, "probe_version"), INSIDEOUT_VERSION);
    assert_int_equal(json_object_get_int_member(facts, "wire_version"), WIRE_VERSION);
}

static void
says_null_of_what_it_cannot_read(void **state)
{
    g_autoptr(Sysroot) root = fixture("guest-bare");
    g_autofree char *text = guest_facts_json(root, bare_metal);
    g_autoptr(JsonNode) node = parse(text);
    JsonObject *facts = json_node_get_object(node);

    assert_true(json_object_get_null_member(facts, "kernel"));
    assert_true(json_object_get_null_member(facts, "cpu_model"));
    assert_true(json_object_get_null_member(facts, "memory_kib"));
    assert_true(json_object_get_null_member(facts, "microcode"));
    assert_true(json_object_get_null_member(facts, "ptp_kvm"));
    assert_false(json_object_get_boolean_member(facts, "pmu"));
    assert_string_equal(json_object_get_string_member(facts, "hypervisor"), "none");
}

static void
tells_its_own_facts(void **state)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autofree char *text = guest_facts_json(root, hypervisor_cpuid);
    g_autoptr(JsonNode) node = parse(text);

    assert_true(json_object_get_int_member(json_node_get_object(node), "memory_kib") > 0);
}

static void
escapes_every_character_that_json_wants_escaped(void **state)
{
    const char nasty[] = "a\"b\\c\b\f\n\r\t\x01\x1f\x7fä€𝄞\xff.";
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(JsonNode) node = NULL;

    json_append_string(text, nasty);
    node = parse(text->str);
    assert_string_equal(json_node_get_string(node),
                        "a\"b\\c\b\f\n\r\t\x01\x1f\x7fä€𝄞\xef\xbf\xbd.");
    for (const char *c = text->str; *c; c++)
        assert_true((unsigned char) *c >= 0x20);
}

static void
gives_each_start_another_boot_id(void **state)
{
    g_autoptr(Sysroot) root = fixture("guest-kvm");

    assert_true(guest_boot_id(root) != guest_boot_id(root));
}

static void
reads_steal_and_busy_of_each_cpu(void **state)
{
    const int64_t tick_ns = NS_PER_SECOND / sysconf(_SC_CLK_TCK);
    g_autoptr(Sysroot) root = fixture("guest-kvm");
    g_autoptr(CpuTimesReader) reader = NULL;
    cpu_set_t cpus;

    assert_true(guest_cpus(root, &cpus, NULL));
    reader = cpu_times_open(root, &cpus, NULL);
    assert_int_equal(cpu_times_of(reader, 0).busy_ns, 0); /* not yet read */
    assert_true(cpu_times_update(reader, NULL));
    assert_int_equal(cpu_times_of(reader, 0).busy_ns, 34 * tick_ns);
    assert_int_equal(cpu_times_of(reader, 0).steal_ns, 30 * tick_ns);
    assert_int_equal(cpu_times_of(reader, 3).busy_ns, 72 * tick_ns);
    assert_int_equal(cpu_times_of(reader, 1).busy_ns, 0);
    assert_int_equal(cpu_times_total(reader).steal_ns, 40 * tick_ns);
    assert_int_equal(cpu_times_total(reader).busy_ns, 106 * tick_ns);
}

static void
finds_its_port_by_name(void **state)
{
    g_autoptr(Sysroot) root = fixture("guest-kvm");
    g_autoptr(Sysroot) bare = fixture("guest-bare");
    g_autofree char *path = port_find(root, NULL);
    g_autoptr(GError) error = NULL;

    assert_true(g_str_has_suffix(path, "/guest-kvm/dev/vport1p2"));
    assert_null(port_find(bare, &error));
    assert_non_null(strstr(error->message, PORT_NAME));
    assert_non_null(strstr(error->message, "<channel>"));
}

static void
names_the_port_that_it_could_not_open(void **state)
{
    g_autoptr(GError) error = NULL;

    assert_int_equal(port_open("/no/such/port", &error), -1);
    assert_non_null(strstr(error->message, "/no/such/port"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_its_hypervisor),
        cmocka_unit_test(tells_the_facts_of_a_guest),
        cmocka_unit_test(says_null_of_what_it_cannot_read),
        cmocka_unit_test(tells_its_own_facts),
        cmocka_unit_test(escapes_every_character_that_json_wants_escaped),
        cmocka_unit_test(gives_each_start_another_boot_id),
        cmocka_unit_test(reads_steal_and_busy_of_each_cpu),
        cmocka_unit_test(finds_its_port_by_name),
        cmocka_unit_test(names_the_port_that_it_could_not_open),
    };

    return cmocka_run_group_tests_name("probe_facts", tests, NULL, NULL);
}
