/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/guest.h"

#include <string.h>

#include "common/base/failure.h"
#include "hostctl/virt/domain_xml.h"
#include "hostctl/virt/guest_private.h"
#include "hostctl/virt/guest_stream.h"

static const char *const role_names[] = {
    [GUEST_ROLE_MICRO] = "micro", [GUEST_ROLE_BULK] = "bulk"
};

const char *
guest_role_name(GuestRole role)
{
    return role_names[role];
}

bool
guest_role_parse(const char *name, GuestRole *ret_role, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(role_names); i++) {
        if (g_str_equal(name, role_names[i])) {
            *ret_role = (GuestRole) i;
            return true;
        }
    }
    return failure_set(error, FAILURE_USAGE, "“%s” is not a role (want micro or bulk)", name);
}

static void
read_metadata(Guest *guest)
{
    char *xml = virDomainGetMetadata(guest->domain, VIR_DOMAIN_METADATA_ELEMENT, METADATA_URI, 0);

    guest->ours = xml && guest_metadata_parse(xml, &guest->metadata);
    free(xml);
}

Guest *
guest_new(Connection *connection, virDomainPtr domain, GError **error)
{
    g_autoptr(Guest) guest = g_new0(Guest, 1);
    virDomainInfo info;

    guest->connection = connection;
    guest->domain = domain;
    guest->name = g_strdup(virDomainGetName(domain));
    if (virDomainGetUUIDString(domain, guest->uuid) < 0 || virDomainGetInfo(domain, &info) < 0) {
        virt_failure(error, "guest %s", guest->name);
        return NULL;
    }
    guest->vcpus = info.nrVirtCpu;
    guest->max_memory_kib = info.maxMem;
    read_metadata(guest);
    return g_steal_pointer(&guest);
}

void
guest_free(Guest *guest)
{
    if (!guest)
        return;

    console_free(guest->console);
    guest_stream_free(guest->console_stream);
    g_clear_pointer(&guest->domain, virDomainFree);
    guest_metadata_clear(&guest->metadata);
    g_free(guest->name);
    g_free(guest);
}

Guest *
guest_find(Connection *connection, const char *name, GError **error)
{
    virDomainPtr domain = virDomainLookupByName(connection_handle(connection), name);

    if (!domain && virt_no_domain()) {
        failure_set(error, FAILURE_FAILED, "there is no guest “%s” on %s", name,
                    connection_uri(connection));
        return NULL;
    }
    if (!domain) {
        virt_failure(error, "guest %s", name);
        return NULL;
    }
    return guest_new(connection, domain, error);
}

bool
guest_find_uuid(Connection *connection, const char *uuid, Guest **ret_guest, GError **error)
{
    virDomainPtr domain = virDomainLookupByUUIDString(connection_handle(connection), uuid);

    if (!domain && !virt_no_domain())
        return virt_failure(error, "guest %s", uuid);
    if (domain && !(*ret_guest = guest_new(connection, domain, error)))
        return false;
    if (!domain)
        *ret_guest = NULL;
    return true;
}

static int
compare_guests(const void *a, const void *b)
{
    return strcmp((*(Guest *const *) a)->name, (*(Guest *const *) b)->name);
}

bool
guest_list_all(Connection *connection, GPtrArray **ret_guests, GError **error)
{
    g_autoptr(GPtrArray) guests = g_ptr_array_new_with_free_func((GDestroyNotify) guest_free);
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(connection_handle(connection), &domains,
                                     VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (n < 0)
        return virt_failure(error, "listing the guests of %s", connection_uri(connection));
    for (int i = 0; i < n; i++) {
        /* One that ends meanwhile is left out. */
        Guest *guest = guest_new(connection, domains[i], NULL);

        if (guest)
            g_ptr_array_add(guests, guest);
    }
    free(domains);
    g_ptr_array_sort(guests, compare_guests);
    *ret_guests = g_steal_pointer(&guests);
    return true;
}

bool
guest_list_ours(Connection *connection, GPtrArray **ret_guests, GError **error)
{
    GPtrArray *guests;

    if (!guest_list_all(connection, &guests, error))
        return false;
    for (guint i = guests->len; i > 0; i--)
        if (!guest_is_ours(guests->pdata[i - 1]))
            g_ptr_array_remove_index(guests, i - 1);
    *ret_guests = guests;
    return true;
}

bool
guest_list_foreign(Connection *connection, char ***ret_names, GError **error)
{
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    if (!guest_list_all(connection, &guests, error))
        return false;
    for (guint i = 0; i < guests->len; i++)
        if (!guest_is_ours(guests->pdata[i]))
            g_strv_builder_add(names, guest_name(guests->pdata[i]));
    *ret_names = g_strv_builder_end(names);
    return true;
}

const char *
guest_name(const Guest *guest)
{
    return guest->name;
}

const char *
guest_uuid(const Guest *guest)
{
    return guest->uuid;
}

bool
guest_is_ours(const Guest *guest)
{
    return guest->ours;
}

GuestRole
guest_role(const Guest *guest)
{
    return guest->metadata.role;
}

const char *
guest_owner(const Guest *guest)
{
    return guest->metadata.owner;
}

const char *
guest_page_name(const Guest *guest)
{
    return guest->metadata.page;
}

const char *
guest_silicon_name(const Guest *guest)
{
    return guest->metadata.silicon;
}

bool
guest_made_from_afar(const Guest *guest)
{
    return guest->metadata.from_afar;
}

unsigned
guest_vcpus(const Guest *guest)
{
    return guest->vcpus;
}

uint64_t
guest_max_memory_kib(const Guest *guest)
{
    return guest->max_memory_kib;
}

bool
guest_is_running(const Guest *guest)
{
    return virDomainIsActive(guest->domain) == 1;
}

bool
guest_require_ours(const Guest *guest, const char *action, GError **error)
{
    return guest->ours ||
           failure_set(error, FAILURE_FAILED, "guest %s was not made by hostctl and is not %s",
                       guest->name, action);
}

bool
guest_channel_path(const Guest *guest, char **ret_path, GError **error)
{
    char *xml = virDomainGetXMLDesc(guest->domain, 0);
    char *path = xml ? domain_view_channel_path(xml) : NULL;

    free(xml);
    if (!xml)
        return virt_failure(error, "guest %s", guest->name);
    if (!path)
        return failure_set(error, FAILURE_FAILED, "guest %s has no channel " GUEST_CHANNEL_NAME,
                           guest->name);
    *ret_path = path;
    return true;
}

char *
guest_console_tail(const Guest *guest, size_t max_bytes)
{
    return guest->console ? console_tail(guest->console, max_bytes) : g_strdup("");
}
