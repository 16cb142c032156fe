/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The probe's port or the console of a guest, carried by libvirt's own connection, with a
 * descriptor at this end: for a guest of another machine, whose sockets nobody here can reach. The
 * guest is hostile: what it sends and nobody reads is kept up to a bound, then it is hung up on.
 */
#pragma once

#include <glib.h>

#include "hostctl/virt/guest.h"

/* A probe that answers at once all that it was asked while it booted sends less. */
#define GUEST_STREAM_UNREAD_MAX_BYTES (4u << 20)

typedef enum {
    GUEST_STREAM_PROBE,
    GUEST_STREAM_CONSOLE,
} GuestStreamKind;

typedef struct GuestStream GuestStream;

/*
 * Carried by libvirt's event loop from now on. *ret_fd is the caller's: a non-blocking socket,
 * which has ended when the guest, its libvirt or the connection has.
 */
GuestStream *guest_stream_open(const Guest *guest, GuestStreamKind kind, int *ret_fd,
                               GError **error);
void guest_stream_free(GuestStream *stream); /* before its guest; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuestStream, guest_stream_free)
