/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a guest comes and goes: journaled, created; destroyed, and what it leaves removed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "hostctl/virt/domain_xml.h"
#include "hostctl/virt/embed_group.h"
#include "hostctl/virt/guest_private.h"
#include "hostctl/virt/guest_stream.h"
#include "hostctl/virt/image.h"

#define SHM_DIR "/dev/shm/"
#define GONE_TIMEOUT_NS (30 * NS_PER_SECOND)
#define GONE_POLL_NS (20 * NS_PER_MS)
#define DESTROY_THREADS 8

/* The journal's entries of a guest that is about to be: all on the disk, or none is kept. */
static bool
journal_guest(Journal *journal, const Connection *connection, const GuestSpec *spec,
              const char *uuid, uint64_t ids[GUEST_ENTRIES], GError **error)
{
    const bool emulated = spec->emulated.plugin_path != NULL;
    const JournalEntry entries[GUEST_ENTRIES] = {
        [GUEST_ENTRY_DOMAIN] = { .kind = JOURNAL_GUEST,
                                 .target = (char *) spec->name,
                                 .uri = (char *) connection_uri(connection),
                                 .uuid = (char *) uuid },
        [GUEST_ENTRY_PAGE] = { .kind = JOURNAL_SHM, .target = (char *) spec->emulated.page_name },
        [GUEST_ENTRY_SILICON] = { .kind = JOURNAL_SHM,
                                  .target = (char *) spec->emulated.silicon_name },
    };

    for (int i = 0; journal && i < (emulated ? GUEST_ENTRIES : 1); i++) {
        if (journal_add(journal, &entries[i], &ids[i], error))
            continue;
        while (i-- > 0)
            journal_done(journal, ids[i], "not made", NULL);
        return false;
    }
    return true;
}

static bool
close_entries(Guest *guest, const char *how, GError **error)
{
    for (int i = GUEST_ENTRIES - 1; guest->journal && i >= 0; i--) {
        if (guest->entry_ids[i] && !journal_done(guest->journal, guest->entry_ids[i], how, error))
            return false;
        guest->entry_ids[i] = 0;
    }
    return true;
}

bool
guest_keep(Guest *guest, GError **error)
{
    return close_entries(guest, "kept", error);
}

static bool
remove_shm(const char *name, GError **error)
{
    g_autofree char *path = g_strconcat(SHM_DIR, name, NULL);

    if (unlink(path) < 0 && errno != ENOENT)
        return failure_set_errno(error, errno, "%s", path);
    return true;
}

/* Does the journal know another guest of ours that uses the file? */
static bool
silicon_is_journaled(const Journal *journal, uint64_t own_id, const char *silicon)
{
    g_autoptr(GPtrArray) entries = journal ? journal_unfinished(journal) : NULL;

    for (guint i = 0; entries && i < entries->len; i++) {
        const JournalEntry *entry = entries->pdata[i];

        if (entry->kind == JOURNAL_SHM && entry->id != own_id &&
            g_str_equal(entry->target, silicon))
            return true;
    }
    return false;
}

/* Is a running guest using it? An unanswered question counts as yes: the file stays. */
static bool
silicon_is_used(Connection *connection, const char *silicon)
{
    g_autoptr(GPtrArray) guests = NULL;

    if (!guest_list_ours(connection, &guests, NULL))
        return true;
    for (guint i = 0; i < guests->len; i++)
        if (g_strcmp0(guest_silicon_name(guests->pdata[i]), silicon) == 0)
            return true;
    return false;
}

/* The two files that QEMU made; the silicon only with the last guest on it. */
static bool
remove_emulation(Connection *connection, const Journal *journal, uint64_t silicon_id,
                 const char *page, const char *silicon, GError **error)
{
    if (page && !remove_shm(page, error))
        return false;
    return !silicon || silicon_is_journaled(journal, silicon_id, silicon) ||
           silicon_is_used(connection, silicon) || remove_shm(silicon, error);
}

static char *
console_path(const Connection *connection, const char *name)
{
    g_autofree char *file = g_strdup_printf("console-%s.sock", name);

    return g_build_filename(connection_run_dir(connection), file, NULL);
}

/*
 * The console's socket, and the embedded driver's log and groups, which nobody else removes. A
 * guest of another machine has none of them here; one of this machine may have its name.
 */
static void
remove_run_files(const Connection *connection, const char *name)
{
    const char *root = connection_embed_root(connection);
    g_autofree char *socket = console_path(connection, name);
    g_autofree char *log_name = g_strconcat(name, ".log", NULL);
    g_autofree char *log = root ? g_build_filename(root, "log/qemu", log_name, NULL) : NULL;

    if (connection_is_remote(connection))
        return;
    unlink(socket);
    if (log)
        unlink(log);
    if (root) {
        g_autoptr(Sysroot) live = sysroot_new("/");

        embed_group_remove(live, root, name);
    }
    image_remove(connection_state_dir(connection), name);
}

static bool
remove_leftovers(Guest *guest, GError **error)
{
    g_clear_pointer(&guest->console, console_free);
    g_clear_pointer(&guest->console_stream, guest_stream_free);
    fault_point("guest.remove_files");
    remove_run_files(guest->connection, guest->name);
    if (guest->metadata.storage_pool &&
        !image_remove_volumes(guest->connection, guest->metadata.storage_pool, guest->name, error))
        return false;
    if (connection_is_remote(guest->connection))
        return true;
    return remove_emulation(guest->connection, guest->journal,
                            guest->entry_ids[GUEST_ENTRY_SILICON], guest->metadata.page,
                            guest->metadata.silicon, error);
}

/* A refused start can leave QEMU's files in /dev/shm. */
static void
clean_up_start(Connection *connection, Journal *journal, const GuestSpec *spec,
               const uint64_t ids[GUEST_ENTRIES])
{
    bool emulated = spec->emulated.plugin_path != NULL;

    remove_run_files(connection, spec->name);
    if (emulated && !remove_emulation(connection, journal, ids[GUEST_ENTRY_SILICON],
                                      spec->emulated.page_name, spec->emulated.silicon_name, NULL))
        return;
    for (int i = GUEST_ENTRIES - 1; journal && i >= 0; i--)
        if (ids[i])
            journal_done(journal, ids[i], "not made", NULL);
}

bool
guest_name_is_free(Connection *connection, const char *name, GError **error)
{
    g_autoptr(virDomain) other = virDomainLookupByName(connection_handle(connection), name);

    if (other)
        return failure_set(error, FAILURE_FAILED, "there is a guest %s on %s already", name,
                           connection_uri(connection));
    return virt_no_domain() || virt_failure(error, "guest %s", name);
}

void
guest_remove_traces(Connection *connection, const char *name)
{
    if (guest_name_is_free(connection, name, NULL))
        remove_run_files(connection, name);
}

static Guest *
start_domain(Connection *connection, const char *xml, GError **error)
{
    virDomainPtr domain = virDomainCreateXML(connection_handle(connection), xml, 0);
    Guest *guest;

    if (!domain) {
        virt_failure(error, "it cannot be started");
        return NULL;
    }
    virDomainRef(domain);
    guest = guest_new(connection, domain, error);
    if (!guest)
        virDomainDestroy(domain);
    virDomainFree(domain);
    return guest;
}

/* Only for the message about a guest that never talks: it goes without. */
static void
listen_to_console(Guest *guest)
{
    int fd;

    guest->console_stream = guest_stream_open(guest, GUEST_STREAM_CONSOLE, &fd, NULL);
    if (guest->console_stream)
        guest->console = console_new_connected(fd, NULL);
}

Guest *
guest_create(Connection *connection, Journal *journal, const GuestSpec *spec, GError **error)
{
    g_autofree char *uuid = g_uuid_string_random();
    g_autofree char *socket = console_path(connection, spec->name);
    g_autofree char *xml = NULL;
    g_autoptr(Console) console = NULL;
    uint64_t ids[GUEST_ENTRIES] = { 0 };
    Guest *guest;

    if (!guest_spec_check(spec, error))
        return NULL;
    if (!guest_name_is_free(connection, spec->name, error))
        return NULL;
    console = spec->far ? NULL : console_new(socket, error);
    if ((!spec->far && !console) || !domain_xml_build(spec, uuid, socket, &xml, error) ||
        !journal_guest(journal, connection, spec, uuid, ids, error))
        return NULL;

    fault_point("guest.define");
    guest = start_domain(connection, xml, error);
    if (!guest) {
        clean_up_start(connection, journal, spec, ids);
        g_prefix_error(error, "guest %s: ", spec->name);
        return NULL;
    }
    fault_point("guest.start");
    guest->journal = journal;
    guest->console = g_steal_pointer(&console);
    if (spec->far)
        listen_to_console(guest);
    memcpy(guest->entry_ids, ids, sizeof ids);
    return guest;
}

/* A restarted libvirtd knows its guests again; what was asked of before knows nothing more. */
static void
reattach(Guest *guest)
{
    char uuid[VIR_UUID_STRING_BUFLEN];
    virDomainPtr domain;

    if (virConnectIsAlive(virDomainGetConnect(guest->domain)) == 1 ||
        !connection_revive(guest->connection, NULL) ||
        virDomainGetUUIDString(guest->domain, uuid) < 0)
        return;
    domain = virDomainLookupByUUIDString(connection_handle(guest->connection), uuid);
    if (!domain)
        return;
    virDomainFree(guest->domain);
    guest->domain = domain;
}

/* 1: it runs; 0: it has gone, and libvirt has forgotten it; -1: nobody can say (error set). */
static int
ask_running(const Guest *guest, GError **error)
{
    int active = virDomainIsActive(guest->domain);

    if (active >= 0 || virt_no_domain())
        return MAX(active, 0);
    virt_failure(error, "guest %s: whether it has gone", guest->name);
    return -1;
}

/* libvirt forgets a transient domain when QEMU has gone. */
static bool
await_gone(const Guest *guest, GError **error)
{
    int64_t deadline_ns = clock_raw_ns() + GONE_TIMEOUT_NS;
    int running;

    while ((running = ask_running(guest, error)) == 1) {
        if (clock_raw_ns() > deadline_ns)
            return failure_set(error, FAILURE_FAILED, "guest %s was told to go and is still there",
                               guest->name);
        g_usleep(GONE_POLL_NS / 1000);
    }
    return running == 0;
}

/* The slow half, safe in any thread. */
static bool
end_domain(Guest *guest, GError **error)
{
    g_autoptr(GError) refused = NULL;

    if (!guest_require_ours(guest, "destroyed", error))
        return false;
    if (virDomainDestroy(guest->domain) < 0 && !virt_no_domain())
        virt_failure(&refused, "guest %s cannot be destroyed", guest->name);
    /* It may have ended by itself meanwhile; not knowing is no proof of that. */
    if (refused && ask_running(guest, NULL) != 0) {
        g_propagate_error(error, g_steal_pointer(&refused));
        return false;
    }
    fault_point("guest.undefine");
    return await_gone(guest, error);
}

bool
guest_destroy(Guest *guest, GError **error)
{
    reattach(guest);
    return end_domain(guest, error) && remove_leftovers(guest, error) &&
           close_entries(guest, "destroyed", error);
}

typedef struct {
    Guest *guest;
    bool ended;
    GError *error;
} Ending;

static void
run_ending(void *data, void *unused)
{
    Ending *ending = data;

    ending->ended = end_domain(ending->guest, &ending->error);
}

bool
guest_destroy_many(GPtrArray *guests, GError **error)
{
    GThreadPool *pool = g_thread_pool_new(run_ending, NULL, DESTROY_THREADS, FALSE, NULL);
    g_autofree Ending *endings = g_new0(Ending, guests->len);
    g_autoptr(GError) first = NULL;

    for (guint i = 0; i < guests->len; i++) {
        endings[i].guest = guests->pdata[i];
        reattach(endings[i].guest);
        g_thread_pool_push(pool, &endings[i], NULL);
    }
    g_thread_pool_free(pool, FALSE, TRUE);

    /* One that will not go must not keep the others' files. */
    for (guint i = 0; i < guests->len; i++) {
        GError **slot = first ? NULL : &first;

        if (endings[i].ended && remove_leftovers(endings[i].guest, slot))
            close_entries(endings[i].guest, "destroyed", slot);
        else if (!first)
            first = g_steal_pointer(&endings[i].error);
        g_clear_error(&endings[i].error);
    }
    if (first) {
        g_propagate_error(error, g_steal_pointer(&first));
        return false;
    }
    return true;
}
