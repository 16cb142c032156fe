/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/far_kvm.h"

#include <stdlib.h>
#include <string.h>

#include "hostctl/virt/glue.h"
#include "hostctl/virt/xml_glue.h"

#define HOST_CPU "/capabilities/host/cpu"
#define HAS_VIRTUALIZATION "boolean(/cpu/feature[@name='vmx' or @name='svm'])"

char *
far_kvm_host_cpu(const char *capabilities_xml)
{
    g_autoptr(xmlDoc) doc = xml_glue_read(capabilities_xml, strlen(capabilities_xml));
    g_autoptr(xmlXPathContext) context = doc ? xmlXPathNewContext(doc) : NULL;
    g_autoptr(xmlXPathObject) found =
        context ? xmlXPathEvalExpression(BAD_CAST HOST_CPU, context) : NULL;
    xmlBuffer *text;
    char *copy;

    if (!found || !found->nodesetval || found->nodesetval->nodeNr != 1)
        return NULL;
    text = xmlBufferCreate();
    xmlNodeDump(text, doc, found->nodesetval->nodeTab[0], 0, 0);
    copy = g_strdup((const char *) xmlBufferContent(text));
    xmlBufferFree(text);
    return copy;
}

bool
far_kvm_cpu_able(const char *cpu_xml)
{
    g_autoptr(xmlDoc) doc = xml_glue_read(cpu_xml, strlen(cpu_xml));
    g_autoptr(xmlXPathContext) context = doc ? xmlXPathNewContext(doc) : NULL;
    g_autoptr(xmlXPathObject) found =
        context ? xmlXPathEvalExpression(BAD_CAST HAS_VIRTUALIZATION, context) : NULL;

    return found && found->boolval;
}

/* A model's own features are listed only when they are asked for. */
static bool
cpu_able(Connection *connection)
{
    char *capabilities = virConnectGetCapabilities(connection_handle(connection));
    g_autofree char *cpu = capabilities ? far_kvm_host_cpu(capabilities) : NULL;
    char *whole =
        cpu ? virConnectBaselineCPU(connection_handle(connection), (const char *[]){ cpu }, 1,
                                    VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES)
            : NULL;
    bool able = !whole || far_kvm_cpu_able(whole);

    free(whole);
    free(capabilities);
    return able;
}

bool
far_kvm_usable(Connection *connection, char **ret_reason)
{
    char *domains = virConnectGetDomainCapabilities(connection_handle(connection), NULL, "x86_64",
                                                    NULL, "kvm", 0);
    bool offered = domains != NULL;
    bool able = offered && cpu_able(connection);

    free(domains);
    *ret_reason = g_strdup(!offered ? "its libvirt does not offer it"
                           : !able  ? "its libvirt offers it, and its CPU shows neither vmx nor svm"
                                    : "its libvirt offers it");
    return able;
}
