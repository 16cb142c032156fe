/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/domain_facts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "hostctl/virt/domain_title.h"
#include "hostctl/virt/event_loop.h"
#include "hostctl/virt/glue.h"

#define SYSTEM_URI "qemu:///system"
#define LOOK_US (INT64_C(10) * G_USEC_PER_SEC)
#define RETRY_US (INT64_C(30) * G_USEC_PER_SEC)
#define TITLE_US (INT64_C(60) * G_USEC_PER_SEC) /* titles hardly change, and cost the whole XML */
#define STALE_US (INT64_C(30) * G_USEC_PER_SEC)
/* How long free waits for a thread that is about to end. */
#define GRACE_US (300 * G_TIME_SPAN_MILLISECOND)
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

typedef struct {
    uint64_t balloon_kib;
    char *title;
    int64_t titled_us;
} Fact;

/* Thread and owner hold a reference each: a thread that hangs in libvirt keeps what it needs. */
struct DomainFacts {
    char *uri;
    GMutex mutex; /* for all below */
    GCond changed;
    bool stop, ended;
    GHashTable *by_uuid; /* Fact; only the thread replaces it */
    int64_t looked_us;
};

static void
fact_free(void *data)
{
    Fact *fact = data;

    g_free(fact->title);
    g_free(fact);
}

static void
facts_clear(void *data)
{
    DomainFacts *facts = data;

    g_hash_table_unref(facts->by_uuid);
    g_mutex_clear(&facts->mutex);
    g_cond_clear(&facts->changed);
    g_free(facts->uri);
}

static GHashTable *
new_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, fact_free);
}

/* False when it is time to end. */
static bool
pause_for(DomainFacts *facts, int64_t time_us)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&facts->mutex);
    int64_t until_us = g_get_monotonic_time() + time_us;

    while (!facts->stop && g_cond_wait_until(&facts->changed, &facts->mutex, until_us))
        continue;
    return !facts->stop;
}

static char *
read_title(virDomainPtr domain)
{
    char *xml = virDomainGetXMLDesc(domain, 0);
    char *title = xml ? domain_title_parse(xml, strlen(xml)) : NULL;

    free(xml);
    return title;
}

static void
add_fact(const DomainFacts *facts, GHashTable *table, virDomainPtr domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    virDomainInfo info;
    const Fact *last;
    Fact *fact;

    /* Asks no QEMU, so a guest that hangs does not hold up the others. */
    if (virDomainGetUUIDString(domain, uuid) < 0 || virDomainGetInfo(domain, &info) < 0)
        return;
    last = g_hash_table_lookup(facts->by_uuid, uuid);
    fact = g_new0(Fact, 1);
    fact->balloon_kib = info.memory;
    if (last && g_get_monotonic_time() - last->titled_us < TITLE_US) {
        fact->title = g_strdup(last->title);
        fact->titled_us = last->titled_us;
    } else {
        fact->title = read_title(domain);
        fact->titled_us = g_get_monotonic_time();
    }
    g_hash_table_replace(table, g_strdup(uuid), fact);
}

/* False when libvirt does not answer any more. */
static bool
look(DomainFacts *facts, virConnectPtr handle)
{
    g_autoptr(GHashTable) table = new_table();
    virDomainPtr *domains = NULL;
    int n = virConnectListAllDomains(handle, &domains, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    if (n < 0)
        return false;
    for (int i = 0; i < n; i++) {
        add_fact(facts, table, domains[i]);
        virDomainFree(domains[i]);
    }
    free(domains);

    g_mutex_lock(&facts->mutex);
    g_hash_table_unref(facts->by_uuid);
    facts->by_uuid = g_steal_pointer(&table);
    facts->looked_us = g_get_monotonic_time();
    g_mutex_unlock(&facts->mutex);
    return true;
}

static void
follow(DomainFacts *facts)
{
    g_autoptr(virConnect) handle = virConnectOpenReadOnly(facts->uri);

    if (!handle)
        return;
    /* A daemon that hangs later ends the call that waits for it. Local drivers have no such thing.
     */
    virConnectSetKeepAlive(handle, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    while (look(facts, handle) && pause_for(facts, LOOK_US))
        continue;
}

static void *
run(void *data)
{
    DomainFacts *facts = data;
    sigset_t all;

    /* Signals are for the thread that waits on the Interrupt. */
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    do
        follow(facts);
    while (pause_for(facts, RETRY_US));

    g_mutex_lock(&facts->mutex);
    facts->ended = true;
    g_cond_broadcast(&facts->changed);
    g_mutex_unlock(&facts->mutex);
    g_atomic_rc_box_release_full(facts, facts_clear);
    return NULL;
}

/* NULL when only an embedded driver was asked for. */
static char *
uri_to_ask(const char *given)
{
    g_autofree char *uri = given ? g_strdup(given) : connection_default_uri();

    if (!connection_uri_is_embedded(uri))
        return g_steal_pointer(&uri);
    return given ? NULL : g_strdup(SYSTEM_URI);
}

DomainFacts *
domain_facts_new(const char *uri, const Sysroot *root)
{
    g_autofree char *asked = sysroot_is_live(root) ? uri_to_ask(uri) : NULL;
    DomainFacts *facts;

    if (!asked || !event_loop_start(NULL))
        return NULL;
    facts = g_atomic_rc_box_new0(DomainFacts);
    facts->uri = g_steal_pointer(&asked);
    facts->by_uuid = new_table();
    g_mutex_init(&facts->mutex);
    g_cond_init(&facts->changed);
    g_thread_unref(g_thread_new("libvirt-facts", run, g_atomic_rc_box_acquire(facts)));
    return facts;
}

void
domain_facts_free(DomainFacts *facts)
{
    int64_t until_us = g_get_monotonic_time() + GRACE_US;

    if (!facts)
        return;
    g_mutex_lock(&facts->mutex);
    facts->stop = true;
    g_cond_broadcast(&facts->changed);
    while (!facts->ended && g_cond_wait_until(&facts->changed, &facts->mutex, until_us))
        continue;
    g_mutex_unlock(&facts->mutex);
    g_atomic_rc_box_release_full(facts, facts_clear);
}

bool
domain_facts_find(void *data, const char *uuid, uint64_t *ret_balloon_kib, char **ret_title)
{
    DomainFacts *facts = data;
    g_autofree char *lower = g_ascii_strdown(uuid, -1);
    g_autoptr(GMutexLocker) locker = NULL;
    const Fact *fact;

    if (!facts)
        return false;
    locker = g_mutex_locker_new(&facts->mutex);
    fact = g_hash_table_lookup(facts->by_uuid, lower);
    if (!fact || g_get_monotonic_time() - facts->looked_us > STALE_US)
        return false;
    *ret_balloon_kib = fact->balloon_kib;
    *ret_title = g_strdup(fact->title);
    return true;
}
