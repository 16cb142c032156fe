/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libvirt's documents, and automatic release of libxml2's objects. Inside virt only. */
#pragma once

#include <glib.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathContext, xmlXPathFreeContext)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlXPathObject, xmlXPathFreeObject)

/* Silent, and without the network; NULL when it is no XML. */
static inline xmlDoc *
xml_glue_read(const char *xml, gsize length)
{
    return xmlReadMemory(xml, (int) length, NULL, NULL,
                         XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}
