/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of the ring on disk: a header and records of one size, little-endian, each with its
 * own checksum, so that one torn by a crash is left out and harms no other. docs/ring-format.md.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hostctl/blame/blame.h"

#define RING_VERSION 1
#define RING_HEADER_BYTES 4096
#define RING_RECORD_BYTES 256
#define RING_CAUSES 3
#define RING_GUEST_BYTES 48 /* with its NUL; longer names are cut */
#define RING_NAME_BYTES 39
#define RING_MAX_RECORDS (UINT64_C(1) << 25) /* 8 GiB */

typedef struct {
    BlameKind kind;
    char name[RING_NAME_BYTES];
    uint64_t wait_ns;
} RingCause;

/* One guest during one interval. */
typedef struct {
    uint64_t sequence; /* from 1 on; says which slot it is in */
    int64_t wall_ns;   /* when the interval ended */
    uint64_t interval_ns;
    uint64_t run_ns, wait_ns; /* of all its vCPUs */
    unsigned vcpus;
    bool has_blame; /* the causes are known */
    unsigned n_causes;
    RingCause causes[RING_CAUSES]; /* the largest first */
    uint64_t rest_ns;              /* of all other causes */
    char guest[RING_GUEST_BYTES];
} RingRecord;

void ring_record_encode(const RingRecord *record, uint8_t bytes[RING_RECORD_BYTES]);
/* False for an empty slot and for what is not wholly a record. */
bool ring_record_decode(const uint8_t bytes[RING_RECORD_BYTES], RingRecord *ret_record);

/* Copies a name and cuts it before a character that has no room. */
void ring_copy_name(char *to, size_t size, const char *name);

typedef struct {
    uint32_t version;
    uint32_t record_bytes;
    uint64_t capacity; /* records */
    int64_t created_ns;
} RingHeader;

void ring_header_encode(const RingHeader *header, uint8_t bytes[RING_HEADER_BYTES]);
/* False when it is no ring at all. True for a ring of another version, too: look at it. */
bool ring_header_decode(const uint8_t bytes[RING_HEADER_BYTES], RingHeader *ret_header);
