/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_view.h"

#include "tests/support/cmocka_all.h"

static void
reads_our_metadata(void **state)
{
    g_auto(GuestMetadata) metadata = { 0 };

    assert_true(guest_metadata_parse(
        "<guest role='micro' owner='x1' page='insideout-a' silicon='insideout-b' "
        "storage-pool='default'/>",
        &metadata));
    assert_string_equal(metadata.storage_pool, "default");
    assert_int_equal(metadata.role, GUEST_ROLE_MICRO);
    assert_string_equal(metadata.owner, "x1");
    assert_string_equal(metadata.page, "insideout-a");
    assert_string_equal(metadata.silicon, "insideout-b");
    assert_false(metadata.from_afar);
}

static void
reads_metadata_with_its_namespace_too(void **state)
{
    g_auto(GuestMetadata) metadata = { 0 };

    assert_true(guest_metadata_parse(
        "<i:guest xmlns:i='urn:insideout:guest:1' role='bulk' owner='hand' made='from-afar'/>",
        &metadata));
    assert_true(metadata.from_afar);
    assert_int_equal(metadata.role, GUEST_ROLE_BULK);
    assert_null(metadata.page);
}

static void
takes_nothing_else_for_ours(void **state)
{
    const char *const others[] = {
        "",
        "<guest",
        "<guest/>",
        "<guest role='micro'/>",
        "<guest role='boss' owner='x'/>",
        "<vm role='micro' owner='x'/>",
        "<i:guest xmlns:i='urn:other' role='bulk' owner='hand'/>",
        "<guest role='bulk' owner='x' page='other-page'/>",
        "<guest role='bulk' owner='x' page='insideout-/../../etc/passwd'/>",
        "<guest role='bulk' owner='x' silicon='/etc/passwd'/>",
        "<!DOCTYPE guest [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><guest role='bulk' "
        "owner='&e;'/>",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        GuestMetadata metadata = { 0 };

        if (guest_metadata_parse(others[i], &metadata))
            fail_msg("taken for ours: %s", others[i]);
        assert_null(metadata.owner);
    }
}

static void
finds_the_probes_channel_among_others(void **state)
{
    g_autofree char *path = domain_view_channel_path(
        "<domain><devices>"
        "<channel type='unix'><source mode='bind' path='/agent'/>"
        "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
        "<channel type='unix'><source mode='bind' path='/run/x &amp; y'/>"
        "<target type='virtio' name='org.insideout.probe.0' state='connected'/></channel>"
        "</devices></domain>");

    assert_string_equal(path, "/run/x & y");
}

static void
says_when_there_is_no_channel(void **state)
{
    assert_null(domain_view_channel_path("<domain><devices/></domain>"));
    assert_null(domain_view_channel_path("<domain"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_our_metadata),
        cmocka_unit_test(reads_metadata_with_its_namespace_too),
        cmocka_unit_test(takes_nothing_else_for_ours),
        cmocka_unit_test(finds_the_probes_channel_among_others),
        cmocka_unit_test(says_when_there_is_no_channel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
