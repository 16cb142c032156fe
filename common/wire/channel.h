/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A descriptor that carries frames: bounded buffers, partial reads and writes, no endless waits. */
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

/* False once the stream has ended, lost its place, or a frame could only be sent in part. */
bool channel_is_open(const Channel *channel);

/* How many frames of unknown kinds channel_receive() has skipped since the channel was made. */
uint64_t channel_skipped(const Channel *channel);

/* Writes the whole frame, waiting at most `timeout_ms` for room; a failure ends the channel. */
bool channel_send(Channel *channel, const Message *message, int timeout_ms, GError **error);

/*
 * Takes the first whole message, reading what is there without waiting when none is buffered (at
 * most CHANNEL_MAX_BUFFER bytes). 1: a message; 0: none yet; -1 with an error: the stream is broken
 * or has ended, or, when channel_is_open() still holds, one message broke its bounds and was
 * dropped. Call it until it gives 0 before waiting for the descriptor again. Frames of unknown
 * kinds are skipped. The moment the bytes were read is in *ret_read_at when that is not NULL, for
 * clock pings.
 */
int channel_receive(Channel *channel, Message *ret_message, Stamp *ret_read_at, GError **error);
