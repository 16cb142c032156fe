/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_title.h"

#include <libxml/xpathInternals.h>

#include "common/base/text.h"
#include "hostctl/virt/xml_glue.h"

#define TITLE_BYTES 256
#define XML_BYTES (4 * 1024 * 1024)

static const struct {
    const char *prefix, *uri;
} namespaces[] = {
    { "nova11", "http://openstack.org/xmlns/libvirt/nova/1.1" },
    { "nova10", "http://openstack.org/xmlns/libvirt/nova/1.0" },
    { "ovirt", "http://ovirt.org/vm/1.0" },
};

/* The first that is there and not empty counts. */
static const char *const places[] = {
    "string(/domain/metadata/nova11:instance/nova11:name)",
    "string(/domain/metadata/nova10:instance/nova10:name)",
    "string(/domain/metadata/ovirt:vm/ovirt:name)",
    "string(/domain/title)",
};

static char *
text_at(xmlXPathContext *context, const char *place)
{
    g_autoptr(xmlXPathObject) found = xmlXPathEvalExpression(BAD_CAST place, context);
    g_autofree char *text = NULL;

    if (!found || !found->stringval)
        return NULL;
    text = g_strstrip(g_strdup((const char *) found->stringval));
    return *text ? text_printable(text, TITLE_BYTES) : NULL;
}

char *
domain_title_parse(const char *xml, gsize length)
{
    g_autoptr(xmlDoc) doc = NULL;
    g_autoptr(xmlXPathContext) context = NULL;
    char *title = NULL;

    if (length > XML_BYTES)
        return NULL;
    doc = xml_glue_read(xml, length);
    /* Without a document type no entity can be declared, so none is ever expanded. */
    if (!doc || doc->intSubset)
        return NULL;
    context = xmlXPathNewContext(doc);
    for (size_t i = 0; context && i < G_N_ELEMENTS(namespaces); i++)
        xmlXPathRegisterNs(context, BAD_CAST namespaces[i].prefix, BAD_CAST namespaces[i].uri);
    for (size_t i = 0; context && !title && i < G_N_ELEMENTS(places); i++)
        title = text_at(context, places[i]);
    return title;
}
