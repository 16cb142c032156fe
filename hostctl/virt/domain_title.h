/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What people call a domain, from its XML: its name in nova or oVirt, else its <title>. */
#pragma once

#include <glib.h>

/*
 * NULL when there is none, and when the XML is not well-formed or brings a document type (libvirt
 * writes none). Tenants choose these names: cut at 256 bytes, made printable. Free with g_free().
 */
char *domain_title_parse(const char *xml, gsize length);
