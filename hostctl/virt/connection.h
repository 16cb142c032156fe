/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An open libvirt connection, with the event loop that libvirt needs running beside it.
 * "qemu:///embed" stands for the embedded driver under RUN_DIR/embed: no daemon, one process at
 * a time, guests outlive the process. libvirt prints nothing by itself; its errors become ours.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/interrupt.h"
#include "hostctl/state.h"

#define CONNECTION_TIMEOUT_MS 20000

typedef struct Connection Connection;

/*
 * LIBVIRT_DEFAULT_URI; else qemu:///system where a libvirt daemon listens; else qemu:///embed.
 * Free with g_free().
 */
char *connection_default_uri(void);

/* True when opening it would need the embed root for itself (so readers must not open it). */
bool connection_uri_is_embedded(const char *uri);

/*
 * True once the embedded driver was opened in this process. It finds its guests again in threads
 * that nobody can wait for and that outlive the connection: exit(3) would take libraries down under
 * them, so such a process leaves by _exit(2).
 */
bool connection_driver_in_process(void);

/*
 * `uri` NULL: the default. Fails, and does not hang, when nothing answers within `timeout_ms`, when
 * another process has the embed root (the error names it), and on a signal.
 */
Connection *connection_open(const char *uri, State *state, int timeout_ms,
                            const Interrupt *interrupt, GError **error);
/*
 * Opens it anew when its daemon has hung up (it was restarted); nothing to do while it is alive.
 * Guests' own handles stay dead.
 */
bool connection_revive(Connection *connection, GError **error);
void connection_free(Connection *connection); /* guests stay as they are */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Connection, connection_free)

/* The URI that was opened, with the embed root filled in. */
const char *connection_uri(const Connection *connection);
bool connection_is_embedded(const Connection *connection);

/* Another machine's: neither files nor processes of its guests are here. */
bool connection_is_remote(const Connection *connection);

/* "9.0.0"; the hypervisor's ("7.2.22") may be NULL where the driver does not say. Not ours to free.
 */
const char *connection_libvirt_version(Connection *connection);
const char *connection_hypervisor_version(Connection *connection);
