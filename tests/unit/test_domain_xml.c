/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_xml.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/golden.h"

#define UUID "11111111-2222-3333-4444-555555555555"

static cpu_set_t pool;

static GuestSpec
plain_spec(void)
{
    return (GuestSpec){ .name = "quick-micro",
                        .role = GUEST_ROLE_MICRO,
                        .owner = "0a1b2c3d",
                        .accelerator = ACCELERATOR_KVM,
                        .vcpus = 1,
                        .memory_kib = 196608,
                        .kernel = "/var/lib/insideout/guest/vmlinuz",
                        .initrd = "/var/lib/insideout/guest/initramfs",
                        .balloon = true };
}

static GuestSpec
emulated_spec(void)
{
    GuestSpec spec = plain_spec();

    spec.accelerator = ACCELERATOR_TCG;
    spec.pool = &pool;
    spec.emulated = (GuestEmulation){ .plugin_path = "/var/lib/insideout/emupmu-1,2.so",
                                      .page_name = "insideout-0a1b2c3d-1",
                                      .silicon_name = "insideout-0a1b2c3d-silicon",
                                      .vmid = 1,
                                      .llc_kib = 4096 };
    return spec;
}

static char *
build(const GuestSpec *spec)
{
    g_autoptr(GError) error = NULL;
    char *xml = NULL;

    assert_true(
        domain_xml_build(spec, UUID, "/run/insideout/console-quick-micro.sock", &xml, &error));
    return xml;
}

static void
makes_a_kvm_guest(void **state)
{
    GuestSpec spec = plain_spec();
    g_autofree char *xml = build(&spec);

    assert_golden("domain-kvm.xml", xml);
}

static void
makes_a_kvm_guest_with_everything(void **state)
{
    GuestSpec spec = plain_spec();
    g_autofree char *xml = NULL;

    spec.role = GUEST_ROLE_BULK;
    spec.vcpus = 2;
    spec.pool = &pool;
    spec.cmdline = "console=ttyS0 a=\"<&>\"";
    spec.disk = "/var/lib/insideout/disk & more.raw";
    spec.balloon = false;
    spec.nosharepages = true;
    spec.hugepages = true;
    spec.cpu_shares = 512;
    spec.cpu_quota_percent = 50;
    xml = build(&spec);
    assert_golden("domain-kvm-everything.xml", xml);
}

static void
makes_a_tcg_guest(void **state)
{
    GuestSpec spec = plain_spec();
    g_autofree char *xml = NULL;

    spec.accelerator = ACCELERATOR_TCG;
    xml = build(&spec);
    assert_golden("domain-tcg.xml", xml);
}

static void
makes_a_tcg_guest_with_emulated_counters(void **state)
{
    GuestSpec spec = emulated_spec();
    g_autofree char *xml = build(&spec);

    assert_golden("domain-tcg-emulated.xml", xml);
}

static void
makes_a_guest_that_boots_from_an_image(void **state)
{
    GuestSpec spec = plain_spec();
    g_autofree char *xml = NULL, *direct = NULL;

    spec.overlay = "/var/lib/insideout/disks/quick-micro.qcow2";
    spec.backing = "/srv/images/debian-12.qcow2";
    spec.backing_format = "qcow2";
    spec.seed = "/var/lib/insideout/disks/quick-micro.seed.iso";
    direct = build(&spec);
    assert_non_null(strstr(direct, "<kernel>/var/lib/insideout/guest/vmlinuz</kernel>"));
    spec.kernel = spec.initrd = NULL;
    xml = build(&spec);
    assert_golden("domain-kvm-image.xml", xml);
}

static void
says_which_storage_pool_has_its_volumes(void **state)
{
    GuestSpec spec = plain_spec();
    g_autofree char *xml = NULL;

    spec.storage_pool = "a & b";
    xml = build(&spec);
    assert_non_null(strstr(xml, "storage-pool=\"a &amp; b\""));
}

static void
leaves_the_console_out_when_nobody_listens(void **state)
{
    GuestSpec spec = plain_spec();
    char *xml = NULL;

    assert_true(domain_xml_build(&spec, UUID, NULL, &xml, NULL));
    assert_null(strstr(xml, "<serial"));
    g_free(xml);
}

static void
libvirt_has_the_console_of_a_guest_made_from_afar(void **state)
{
    GuestSpec spec = plain_spec();
    g_autofree char *xml = NULL;

    spec.far = true;
    assert_true(domain_xml_build(&spec, UUID, NULL, &xml, NULL));
    assert_non_null(strstr(xml, "<serial type=\"pty\">"));
    assert_null(strstr(xml, "mode=\"connect\""));
    assert_non_null(strstr(xml, "made=\"from-afar\""));
}

/* What is wrong, made so in the emulated spec by `spoil`, and what the message must name. */
static void
spoil_name(GuestSpec *spec)
{
    spec->name = "../etc";
}
static void
spoil_long_name(GuestSpec *spec)
{
    spec->name = "a-name-that-is-longer-than-forty-characters";
}
static void
spoil_vcpus(GuestSpec *spec)
{
    spec->vcpus = 0;
}
static void
spoil_memory(GuestSpec *spec)
{
    spec->memory_kib = 1024;
}
static void
spoil_owner(GuestSpec *spec)
{
    spec->owner = NULL;
}
static void
spoil_page(GuestSpec *spec)
{
    spec->emulated.page_name = "insideout-../../etc/passwd";
}
static void
spoil_page_prefix(GuestSpec *spec)
{
    spec->emulated.page_name = "sem.other";
}
static void
spoil_vmid(GuestSpec *spec)
{
    spec->emulated.vmid = 0;
}
static void
spoil_accelerator(GuestSpec *spec)
{
    spec->accelerator = ACCELERATOR_KVM;
}
static void
spoil_text(GuestSpec *spec)
{
    spec->cmdline = "\xff";
}
static void
spoil_pool(GuestSpec *spec)
{
    static cpu_set_t empty;

    spec->pool = &empty;
}
static void
spoil_quota(GuestSpec *spec)
{
    spec->cpu_quota_percent = 100000;
}

static void
refuses_a_spec_that_no_guest_can_have(void **state)
{
    const struct {
        void (*spoil)(GuestSpec *spec);
        const char *says;
    } cases[] = {
        { spoil_name, "../etc" },
        { spoil_long_name, "40" },
        { spoil_vcpus, "0 vCPUs" },
        { spoil_memory, "32 MiB" },
        { spoil_owner, "owner" },
        { spoil_page, "/dev/shm" },
        { spoil_page_prefix, "insideout-" },
        { spoil_vmid, "vmid 0" },
        { spoil_accelerator, "tcg" },
        { spoil_text, "UTF-8" },
        { spoil_pool, "pool" },
        { spoil_quota, "quota" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GuestSpec spec = emulated_spec();
        g_autoptr(GError) error = NULL;
        char *xml = NULL;

        assert_true(guest_spec_check(&spec, NULL));
        cases[i].spoil(&spec);
        assert_false(domain_xml_build(&spec, UUID, NULL, &xml, &error));
        assert_null(xml);
        assert_true(g_error_matches(error, FAILURE, FAILURE_USAGE));
        if (!strstr(error->message, cases[i].says))
            fail_msg("“%s” does not say “%s”", error->message, cases[i].says);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_kvm_guest),
        cmocka_unit_test(makes_a_kvm_guest_with_everything),
        cmocka_unit_test(makes_a_tcg_guest),
        cmocka_unit_test(makes_a_tcg_guest_with_emulated_counters),
        cmocka_unit_test(makes_a_guest_that_boots_from_an_image),
        cmocka_unit_test(says_which_storage_pool_has_its_volumes),
        cmocka_unit_test(leaves_the_console_out_when_nobody_listens),
        cmocka_unit_test(libvirt_has_the_console_of_a_guest_made_from_afar),
        cmocka_unit_test(refuses_a_spec_that_no_guest_can_have),
    };

    CPU_SET(1, &pool);
    CPU_SET(2, &pool);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
