/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The domains of test_domain_xml against the schema that libvirt itself ships. */
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "hostctl/virt/domain_xml.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/needs.h"

#define SCHEMA "/usr/share/libvirt/schemas/domain.rng"

static const char *const golden_files[] = {
    "domain-kvm.xml", "domain-kvm-everything.xml", "domain-kvm-image.xml",
    "domain-tcg.xml", "domain-tcg-emulated.xml",
};

static xmlRelaxNG *schema;

static void
say_nothing(void *data, const char *format, ...)
{
}

/* 0 when it is valid. */
static int
validate(xmlDoc *doc, bool quiet)
{
    xmlRelaxNGValidCtxt *context = xmlRelaxNGNewValidCtxt(schema);
    int result;

    if (quiet)
        xmlRelaxNGSetValidErrors(context, say_nothing, say_nothing, NULL);
    result = xmlRelaxNGValidateDoc(context, doc);

    xmlRelaxNGFreeValidCtxt(context);
    return result;
}

static void
every_domain_is_valid(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(golden_files); i++) {
        g_autofree char *path =
            g_build_filename(g_getenv("TEST_DATA_DIR"), "golden", golden_files[i], NULL);
        xmlDoc *doc = xmlReadFile(path, NULL, XML_PARSE_NONET);

        assert_non_null(doc);
        assert_int_equal(validate(doc, false), 0);
        xmlFreeDoc(doc);
    }
}

static void
the_schema_sees_what_is_wrong(void **state)
{
    xmlDoc *doc = xmlParseDoc(BAD_CAST "<domain type='kvm'><nonsense/></domain>");

    assert_int_not_equal(validate(doc, true), 0);
    xmlFreeDoc(doc);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_domain_is_valid),
        cmocka_unit_test(the_schema_sees_what_is_wrong),
    };
    xmlRelaxNGParserCtxt *parser;
    int failed;

    if (access(SCHEMA, R_OK) < 0) {
        printf("SKIP: %s is not there (libvirt0 brings it)\n", SCHEMA);
        return TEST_SKIPPED;
    }
    parser = xmlRelaxNGNewParserCtxt(SCHEMA);
    schema = xmlRelaxNGParse(parser);
    xmlRelaxNGFreeParserCtxt(parser);
    failed = schema ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    xmlRelaxNGFree(schema);
    xmlCleanupParser();
    return failed;
}
