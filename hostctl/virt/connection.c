/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/fault.h"
#include "hostctl/remote_host.h"
#include "hostctl/virt/embed_root.h"
#include "hostctl/virt/event_loop.h"
#include "hostctl/virt/glue.h"

#define EMBED_URI "qemu:///embed"
#define SYSTEM_URI "qemu:///system"
#define KEEPALIVE_SECONDS 5
#define KEEPALIVE_COUNT 3

struct Connection {
    virConnectPtr handle;
    char *uri;
    char *embed_root; /* NULL: another driver */
    char *run_dir, *state_dir;
    char *libvirt_version;
    char *hypervisor_version;
};

static const char *const daemon_sockets[] = {
    "/run/libvirt/libvirt-sock",
    "/run/libvirt/virtqemud-sock",
};

char *
connection_default_uri(void)
{
    const char *given = g_getenv("LIBVIRT_DEFAULT_URI");

    if (given && *given)
        return g_strdup(given);
    for (size_t i = 0; i < G_N_ELEMENTS(daemon_sockets); i++)
        if (access(daemon_sockets[i], F_OK) == 0)
            return g_strdup(SYSTEM_URI);
    return g_strdup(EMBED_URI);
}

static gint driver_in_process; /* the embedded driver was opened once */

bool
connection_uri_is_embedded(const char *uri)
{
    return g_str_equal(uri, EMBED_URI) || g_str_has_prefix(uri, EMBED_URI "?");
}

static char *
complete_uri(const char *uri, const State *state)
{
    g_autofree char *wanted = uri ? g_strdup(uri) : connection_default_uri();
    g_autofree char *root = NULL;

    if (!g_str_equal(wanted, EMBED_URI))
        return g_steal_pointer(&wanted);
    root = state_run_file(state, "embed");
    return g_strdup_printf(EMBED_URI "?root=%s", root);
}

/*
 * An attempt to open, made in a thread of its own, since libvirt's call has no time limit. Thread
 * and waiter hold a reference each: when nobody waits any more, what was opened is closed again.
 */
typedef struct {
    char *uri;
    int done_fd; /* readable when the attempt has ended */
    virConnectPtr handle;
    char *message; /* why not */
} Attempt;

static void
attempt_clear(void *data)
{
    Attempt *attempt = data;

    if (attempt->handle)
        virConnectClose(attempt->handle);
    close(attempt->done_fd);
    g_free(attempt->uri);
    g_free(attempt->message);
}

static void
attempt_unref(Attempt *attempt)
{
    g_atomic_rc_box_release_full(attempt, attempt_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Attempt, attempt_unref)

static void *
attempt_run(void *data)
{
    g_autoptr(Attempt) attempt = data;
    ssize_t ignored;

    attempt->handle = virConnectOpen(attempt->uri);
    if (!attempt->handle)
        attempt->message = g_strdup(virGetLastErrorMessage());
    ignored = write(attempt->done_fd, &(uint64_t){ 1 }, sizeof(uint64_t));
    (void) ignored;
    return NULL;
}

/* False, with the error set, when the time is over or a signal came. */
static bool
attempt_wait(Attempt *attempt, int timeout_ms, const Interrupt *interrupt, GError **error)
{
    struct pollfd waits[] = {
        { .fd = attempt->done_fd, .events = POLLIN },
        { .fd = interrupt_fd(interrupt), .events = POLLIN },
    };
    int64_t deadline_ns = clock_raw_ns() + timeout_ms * NS_PER_MS;

    for (;;) {
        int64_t left_ms = (deadline_ns - clock_raw_ns()) / NS_PER_MS;
        int n = poll(waits, G_N_ELEMENTS(waits), (int) MAX(0, left_ms));
        eventfd_t ended;

        /* Reading orders what the thread wrote before ours; poll() alone promises nothing. */
        if (n > 0 && waits[0].revents && eventfd_read(attempt->done_fd, &ended) == 0)
            return true;
        if (!interrupt_check(interrupt, error))
            return false;
        if (left_ms <= 0)
            return failure_set(error, FAILURE_FAILED, "%s does not answer (waited %d s)",
                               attempt->uri, timeout_ms / 1000);
        if (n < 0 && errno != EINTR)
            return failure_set_errno(error, errno, "poll");
    }
}

static virConnectPtr
open_handle(const char *uri, int timeout_ms, const Interrupt *interrupt, GError **error)
{
    g_autoptr(Attempt) attempt = g_atomic_rc_box_new0(Attempt);

    attempt->uri = g_strdup(uri);
    attempt->done_fd = eventfd(0, EFD_CLOEXEC);
    if (attempt->done_fd < 0) {
        failure_set_errno(error, errno, "eventfd");
        return NULL;
    }
    g_thread_unref(g_thread_new("libvirt-open", attempt_run, g_atomic_rc_box_acquire(attempt)));
    if (!attempt_wait(attempt, timeout_ms, interrupt, error))
        return NULL;
    if (!attempt->handle)
        failure_set(error, FAILURE_FAILED, "%s cannot be opened: %s", uri, attempt->message);
    return g_steal_pointer(&attempt->handle);
}

static char *
format_version(unsigned long version)
{
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* libvirt says that a pid file is locked; people want to know by whom. */
static void
name_the_owner(const Connection *connection, GError **error)
{
    g_autofree char *owner = embed_root_owner(connection->embed_root);

    if (owner && error && *error)
        g_prefix_error(error, "%s has the embedded libvirt under %s; ", owner,
                       connection->embed_root);
}

Connection *
connection_open(const char *uri, State *state, int timeout_ms, const Interrupt *interrupt,
                GError **error)
{
    g_autoptr(Connection) connection = g_new0(Connection, 1);

    connection->uri = complete_uri(uri, state);
    connection->run_dir = g_strdup(state_run_dir(state));
    connection->state_dir = g_strdup(state_dir(state));
    connection->embed_root = embed_root_of_uri(connection->uri);
    if (connection->embed_root && !embed_root_prepare(state, connection->embed_root, error))
        return NULL;
    if (!event_loop_start(error))
        return NULL;

    connection->handle = open_handle(connection->uri, timeout_ms, interrupt, error);
    if (!connection->handle) {
        if (connection->embed_root)
            name_the_owner(connection, error);
        return NULL;
    }
    if (connection->embed_root)
        g_atomic_int_set(&driver_in_process, 1);
    /* A daemon that hangs later ends the call that waits for it. Local drivers have no such thing.
     */
    fault_point("connection.open");
    virConnectSetKeepAlive(connection->handle, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    return g_steal_pointer(&connection);
}

bool
connection_revive(Connection *connection, GError **error)
{
    virConnectPtr handle;

    if (virConnectIsAlive(connection->handle) == 1)
        return true;
    handle = open_handle(connection->uri, CONNECTION_TIMEOUT_MS, NULL, error);
    if (!handle)
        return false;
    virConnectClose(connection->handle);
    connection->handle = handle;
    virConnectSetKeepAlive(handle, KEEPALIVE_SECONDS, KEEPALIVE_COUNT);
    return true;
}

void
connection_free(Connection *connection)
{
    if (!connection)
        return;

    if (connection->handle)
        virConnectClose(connection->handle);
    g_free(connection->uri);
    g_free(connection->embed_root);
    g_free(connection->run_dir);
    g_free(connection->state_dir);
    g_free(connection->libvirt_version);
    g_free(connection->hypervisor_version);
    g_free(connection);
}

const char *
connection_uri(const Connection *connection)
{
    return connection->uri;
}

bool
connection_driver_in_process(void)
{
    return g_atomic_int_get(&driver_in_process);
}

bool
connection_is_embedded(const Connection *connection)
{
    return connection->embed_root != NULL;
}

bool
connection_is_remote(const Connection *connection)
{
    return remote_host_is(connection->uri);
}

const char *
connection_libvirt_version(Connection *connection)
{
    unsigned long version;

    if (!connection->libvirt_version && virConnectGetLibVersion(connection->handle, &version) == 0)
        connection->libvirt_version = format_version(version);
    return connection->libvirt_version;
}

const char *
connection_hypervisor_version(Connection *connection)
{
    unsigned long version = 0;

    if (!connection->hypervisor_version &&
        virConnectGetVersion(connection->handle, &version) == 0 && version)
        connection->hypervisor_version = format_version(version);
    return connection->hypervisor_version;
}

virConnectPtr
connection_handle(const Connection *connection)
{
    return connection->handle;
}

const char *
connection_embed_root(const Connection *connection)
{
    return connection->embed_root;
}

const char *
connection_state_dir(const Connection *connection)
{
    return connection->state_dir;
}

const char *
connection_run_dir(const Connection *connection)
{
    return connection->run_dir;
}
