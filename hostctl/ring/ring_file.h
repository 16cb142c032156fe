/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ring on disk: who waited for whom, guest by guest, every ten seconds, the newest in the
 * place of the oldest. One process writes it, any number read it meanwhile.
 */
#pragma once

#include <glib.h>

#include "hostctl/ring/ring_record.h"

/* Sizes that a person may ask for. */
#define RING_LEAST_KIB 1024
#define RING_MOST_KIB (8u * 1024 * 1024)

/* Bytes that `records` take. */
uint64_t ring_bytes(uint64_t records);

typedef struct RingWriter RingWriter;

/*
 * Opens the ring, or makes it (0640, sparse: it grows up to `max_bytes` as it fills). A ring of
 * another version or size begins anew; a file that is no ring is refused, as are links, other
 * people's files and a ring that another process writes.
 */
bool ring_writer_open(const char *path, uint64_t max_bytes, RingWriter **ret_writer,
                      GError **error);
void ring_writer_close(RingWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RingWriter, ring_writer_close)

/* Writes the record into the next place; its sequence is given by the ring. */
bool ring_writer_append(RingWriter *writer, const RingRecord *record, GError **error);

/* When the oldest record ended; 0 when there is none. */
int64_t ring_writer_oldest_ns(const RingWriter *writer);

typedef void (*RingVisit)(const RingRecord *record, void *data);

/* Calls `visit` for each whole record, in no order. Errors: no ring, or of another version. */
bool ring_read(const char *path, RingVisit visit, void *data, GError **error);
