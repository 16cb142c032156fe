/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_title.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

#define NOVA(version, name)                                                            \
    "<nova:instance xmlns:nova='http://openstack.org/xmlns/libvirt/nova/" version "'>" \
    "<nova:owner><nova:user>name of no guest</nova:user></nova:owner><nova:name>" name \
    "</nova:name></nova:instance>"
#define OVIRT(name)                                            \
    "<ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'>"   \
    "<ovirt-vm:name>" name "</ovirt-vm:name><ovirt-vm:device>" \
    "<ovirt-vm:name>a disk</ovirt-vm:name></ovirt-vm:device></ovirt-vm:vm>"
#define DOMAIN_XML(title, metadata)                                                          \
    "<domain type='kvm'><name>instance-1</name>" title "<metadata>" metadata "</metadata></" \
    "domain>"

static void
assert_title(const char *xml, const char *want)
{
    g_autofree char *got = domain_title_parse(xml, strlen(xml));

    if (g_strcmp0(got, want) != 0)
        fail_msg("%s: got %s, want %s", xml, got ? got : "none", want ? want : "none");
}

static void
reads_the_name_that_nova_gave(void **state)
{
    assert_title(DOMAIN_XML("", NOVA("1.1", "shop &amp; front")), "shop & front");
    assert_title(DOMAIN_XML("", NOVA("1.0", "older")), "older");
}

static void
reads_the_name_that_ovirt_gave(void **state)
{
    assert_title(DOMAIN_XML("", OVIRT("web 7")), "web 7");
}

static void
reads_the_title_when_nobody_else_named_it(void **state)
{
    assert_title(DOMAIN_XML("<title> Mail </title>", ""), "Mail");
    assert_title(DOMAIN_XML("<title>Mail</title>", NOVA("1.1", "shop")), "shop");
    assert_title(DOMAIN_XML("<title>Mail</title>", NOVA("1.1", "  ")), "Mail");
}

static void
knows_no_title_where_there_is_none(void **state)
{
    assert_title(DOMAIN_XML("", ""), NULL);
    assert_title(DOMAIN_XML("<title/>", ""), NULL);
    assert_title(DOMAIN_XML("", NOVA("9.9", "of a time to come")), NULL);
    assert_title(DOMAIN_XML("", "<name xmlns='urn:x'>x</name>"), NULL);
    assert_title("<other><title>x</title></other>", NULL);
}

static void
takes_no_xml_that_is_broken(void **state)
{
    assert_title("", NULL);
    assert_title("<domain><title>x</title>", NULL);
    assert_title("\xff\xfe<", NULL);
    assert_title("<domain><title>&nobody;</title></domain>", NULL);
}

static void
expands_no_entity(void **state)
{
    assert_title("<!DOCTYPE d [<!ENTITY e 'x'>]><domain><title>a&e;</title></domain>", NULL);
    assert_title("<!DOCTYPE d [<!ENTITY f SYSTEM 'file:///etc/hostname'>]>"
                 "<domain><title>&f;</title></domain>",
                 NULL);
    assert_title("<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;'>"
                 "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;'><!ENTITY d '&c;&c;&c;&c;&c;&c;&c;'>]>"
                 "<domain><title>&d;</title></domain>",
                 NULL);
}

static void
a_tenants_name_is_harmless_and_short(void **state)
{
    g_autofree char *many = g_strnfill(100000, 'n');
    g_autofree char *xml = g_strdup_printf("<domain><title>%s</title></domain>", many);
    g_autofree char *title = domain_title_parse(xml, strlen(xml));

    assert_int_equal(strlen(title), 256);
    assert_title("<domain><title>a&#x9b;31m&#10;b</title></domain>", "a\\xc2\\x9b31m\\x0ab");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_name_that_nova_gave),
        cmocka_unit_test(reads_the_name_that_ovirt_gave),
        cmocka_unit_test(reads_the_title_when_nobody_else_named_it),
        cmocka_unit_test(knows_no_title_where_there_is_none),
        cmocka_unit_test(takes_no_xml_that_is_broken),
        cmocka_unit_test(expands_no_entity),
        cmocka_unit_test(a_tenants_name_is_harmless_and_short),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
