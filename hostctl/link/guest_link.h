/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host end of a guest's probe: requests out, answers in, over the unix socket of its
 * virtio-serial port, or over what carries it from another machine. A guest is hostile until proven
 * otherwise: nothing it sends is kept that was not asked for, every wait has an end, and what it
 * says of itself is text, never a command.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/wire/message.h"
#include "hostctl/interrupt.h"

typedef struct GuestLink GuestLink;

/* Connects to the socket; the guest need not have booted. `name` is for messages. */
GuestLink *guest_link_open(const char *name, const char *socket_path, GError **error);

/* The same over a socket that is connected already; takes it. */
GuestLink *guest_link_new(const char *name, int fd);
void guest_link_free(GuestLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GuestLink, guest_link_free)

const char *guest_link_name(const GuestLink *link);

/*
 * Waits until the probe talks, asking it once a second. Errors: a probe of another wire version,
 * nobody talks before the deadline, the guest hung up.
 */
bool guest_link_hello(GuestLink *link, int timeout_ms, const Interrupt *interrupt,
                      HelloMessage *ret_hello, GError **error);

/* Sends without waiting for an answer. */
bool guest_link_send(GuestLink *link, const Message *request, GError **error);

/*
 * Waits for a message of that kind. Others are dropped; a PROBLEM about the request is the error.
 * `ret_read_at` (may be NULL): when its bytes were read.
 */
bool guest_link_await(GuestLink *link, FrameKind kind, int timeout_ms, const Interrupt *interrupt,
                      Message *ret_message, Stamp *ret_read_at, GError **error);

/* The same for whichever of `n_kinds` comes. */
bool guest_link_await_any(GuestLink *link, const FrameKind *kinds, size_t n_kinds, int timeout_ms,
                          const Interrupt *interrupt, Message *ret_message, GError **error);

/* Sends and awaits. */
bool guest_link_ask(GuestLink *link, const Message *request, FrameKind kind, int timeout_ms,
                    const Interrupt *interrupt, Message *ret_reply, GError **error);
