/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/perf_domains.h"

#include <stdlib.h>

#include "hostctl/virt/glue.h"

/* A driver that knows no perf events has none. */
static bool
has_perf_event(virDomainPtr domain)
{
    virTypedParameterPtr events = NULL;
    int n = 0;
    bool any = false;

    if (virDomainGetPerfEvents(domain, &events, &n, VIR_DOMAIN_AFFECT_LIVE) < 0)
        return false;
    for (int i = 0; i < n; i++)
        any |= events[i].type == VIR_TYPED_PARAM_BOOLEAN && events[i].value.b;
    virTypedParamsFree(events, n);
    return any;
}

bool
perf_domains_list(Connection *connection, char ***ret_names, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(connection_handle(connection), &domains,
                                     VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (n < 0)
        return virt_failure(error, "listing the running domains");
    for (int i = 0; i < n; i++) {
        if (has_perf_event(domains[i]))
            g_ptr_array_add(names, g_strdup(virDomainGetName(domains[i])));
        virDomainFree(domains[i]);
    }
    free(domains);

    g_ptr_array_add(names, NULL);
    *ret_names = (char **) g_ptr_array_free(g_steal_pointer(&names), FALSE);
    return true;
}
