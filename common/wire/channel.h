/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A descriptor that carries frames: partial reads and writes, bounded buffers, no blocking for ever. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/wire/message.h"

#define CHANNEL_MAX_BUFFER (64u * 1024u)

typedef struct Channel Channel;

/* Takes the descriptor (any of socket, tty, character device) and makes it non-blocking. */
Channel *channel_new(int fd);
void channel_free(Channel *channel); /* closes the descriptor */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Channel, channel_free)

int channel_fd(const Channel *channel);

/* Writes the whole frame, waiting at most `timeout_ms` for room. */
bool channel_send(Channel *channel, const Message *message, int timeout_ms, GError **error);

/*
 * Reads what is there without waiting (at most CHANNEL_MAX_BUFFER bytes) and takes the first
 * whole message. 1: a message; 0: none yet; -1: the stream is broken or ended (error set).
 * Frames of unknown kinds are skipped. The moment the bytes were read is in *ret_read_at when
 * that is not NULL, for clock pings.
 */
int channel_receive(Channel *channel, Message *ret_message, Stamp *ret_read_at, GError **error);
