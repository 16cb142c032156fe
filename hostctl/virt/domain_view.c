/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_view.h"

#include <string.h>

#include "hostctl/virt/domain_xml.h"
#include "hostctl/virt/xml_glue.h"

#define CHANNEL_PATH \
    "string(/domain/devices/channel[target/@name='" GUEST_CHANNEL_NAME "']/source/@path)"

void
guest_metadata_clear(GuestMetadata *metadata)
{
    g_clear_pointer(&metadata->owner, g_free);
    g_clear_pointer(&metadata->page, g_free);
    g_clear_pointer(&metadata->silicon, g_free);
    g_clear_pointer(&metadata->storage_pool, g_free);
}

/* NULL when it is not there or empty. */
static char *
attribute(xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
    char *copy = value && *value ? g_strdup((const char *) value) : NULL;

    xmlFree(value);
    return copy;
}

/* It will be unlinked in /dev/shm: nothing else may be reached by it. */
static bool
is_shm_name(const char *name)
{
    return !name || (g_str_has_prefix(name, GUEST_SHM_PREFIX) && !strchr(name, '/'));
}

bool
guest_metadata_parse(const char *xml, GuestMetadata *ret_metadata)
{
    g_autoptr(xmlDoc) doc = xml_glue_read(xml, strlen(xml));
    xmlNode *node = doc ? xmlDocGetRootElement(doc) : NULL;
    g_auto(GuestMetadata) metadata = { 0 };
    g_autofree char *role = NULL, *made = NULL;

    /* Asked by its namespace, libvirt gives the element without it. */
    if (!node || !xmlStrEqual(node->name, BAD_CAST "guest") ||
        (node->ns && !xmlStrEqual(node->ns->href, BAD_CAST METADATA_URI)))
        return false;

    role = attribute(node, "role");
    metadata.owner = attribute(node, "owner");
    metadata.page = attribute(node, "page");
    metadata.silicon = attribute(node, "silicon");
    metadata.storage_pool = attribute(node, "storage-pool");
    made = attribute(node, "made");
    metadata.from_afar = g_strcmp0(made, METADATA_MADE_FROM_AFAR) == 0;
    if (!role || !metadata.owner || !guest_role_parse(role, &metadata.role, NULL) ||
        !is_shm_name(metadata.page) || !is_shm_name(metadata.silicon))
        return false;

    *ret_metadata = metadata;
    metadata = (GuestMetadata){ 0 };
    return true;
}

char *
domain_view_channel_path(const char *xml)
{
    g_autoptr(xmlDoc) doc = xml_glue_read(xml, strlen(xml));
    g_autoptr(xmlXPathContext) context = doc ? xmlXPathNewContext(doc) : NULL;
    g_autoptr(xmlXPathObject) found =
        context ? xmlXPathEvalExpression(BAD_CAST CHANNEL_PATH, context) : NULL;

    if (!found || !found->stringval || !*found->stringval)
        return NULL;
    return g_strdup((const char *) found->stringval);
}
