/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/ring/ring_record.h"

#include <assert.h>
#include <endian.h>
#include <string.h>
#include <zlib.h>

/* Where things are in a record. */
enum {
    AT_CHECKSUM = 0,
    AT_N_CAUSES = 4,
    AT_FLAGS = 5,
    AT_VCPUS = 6,
    AT_SEQUENCE = 8,
    AT_WALL = 16,
    AT_INTERVAL = 24,
    AT_RUN = 32,
    AT_WAIT = 40,
    AT_REST = 48,
    AT_GUEST = 64,
    AT_CAUSES = 112,
    CAUSE_BYTES = 48,
};
/* In a cause: wait 8, kind 1, name 39. */
#define FLAG_BLAME 1

static_assert(AT_GUEST + RING_GUEST_BYTES == AT_CAUSES, "guest's name");
static_assert(AT_CAUSES + RING_CAUSES * CAUSE_BYTES == RING_RECORD_BYTES, "causes fill the rest");
static_assert(8 + 1 + RING_NAME_BYTES == CAUSE_BYTES, "a cause");
static_assert(BLAME_GUEST == 0 && BLAME_HOST == 1 && BLAME_SELF == 2 && BLAME_QUOTA == 3 &&
                  BLAME_WAKEUP == 4 && BLAME_OTHER == 5,
              "kinds are on disk by number");

static const char magic[8] = "IO-RING\n";

static void
put_u16(uint8_t *at, uint16_t value)
{
    value = htole16(value);
    memcpy(at, &value, sizeof value);
}

static void
put_u32(uint8_t *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static void
put_u64(uint8_t *at, uint64_t value)
{
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

static uint16_t
get_u16(const uint8_t *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof value);
    return le16toh(value);
}

static uint32_t
get_u32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static uint64_t
get_u64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

void
ring_copy_name(char *to, size_t size, const char *name)
{
    size_t length = strnlen(name, size);

    if (length == size) {
        length--;
        while (length > 0 && ((unsigned char) name[length] & 0xc0) == 0x80)
            length--;
    }
    memset(to, 0, size);
    memcpy(to, name, length);
}

void
ring_record_encode(const RingRecord *record, uint8_t bytes[RING_RECORD_BYTES])
{
    memset(bytes, 0, RING_RECORD_BYTES);
    bytes[AT_N_CAUSES] = (uint8_t) record->n_causes;
    bytes[AT_FLAGS] = record->has_blame ? FLAG_BLAME : 0;
    put_u16(bytes + AT_VCPUS, (uint16_t) MIN(record->vcpus, UINT16_MAX));
    put_u64(bytes + AT_SEQUENCE, record->sequence);
    put_u64(bytes + AT_WALL, (uint64_t) record->wall_ns);
    put_u64(bytes + AT_INTERVAL, record->interval_ns);
    put_u64(bytes + AT_RUN, record->run_ns);
    put_u64(bytes + AT_WAIT, record->wait_ns);
    put_u64(bytes + AT_REST, record->rest_ns);
    ring_copy_name((char *) bytes + AT_GUEST, RING_GUEST_BYTES, record->guest);
    for (unsigned i = 0; i < record->n_causes; i++) {
        uint8_t *cause = bytes + AT_CAUSES + i * CAUSE_BYTES;

        put_u64(cause, record->causes[i].wait_ns);
        cause[8] = record->causes[i].kind;
        ring_copy_name((char *) cause + 9, RING_NAME_BYTES, record->causes[i].name);
    }
    put_u32(bytes + AT_CHECKSUM, (uint32_t) crc32(0, bytes + 4, RING_RECORD_BYTES - 4));
}

static bool
get_name(const uint8_t *at, char *to, size_t size)
{
    if (at[size - 1] != '\0')
        return false;
    memcpy(to, at, size);
    return true;
}

bool
ring_record_decode(const uint8_t bytes[RING_RECORD_BYTES], RingRecord *ret_record)
{
    RingRecord record = {
        .sequence = get_u64(bytes + AT_SEQUENCE),
        .wall_ns = (int64_t) get_u64(bytes + AT_WALL),
        .interval_ns = get_u64(bytes + AT_INTERVAL),
        .run_ns = get_u64(bytes + AT_RUN),
        .wait_ns = get_u64(bytes + AT_WAIT),
        .vcpus = get_u16(bytes + AT_VCPUS),
        .has_blame = bytes[AT_FLAGS] & FLAG_BLAME,
        .n_causes = bytes[AT_N_CAUSES],
        .rest_ns = get_u64(bytes + AT_REST),
    };

    /* An empty slot needs no sum. */
    if (record.sequence == 0 || record.sequence > INT64_MAX || record.n_causes > RING_CAUSES ||
        record.wall_ns <= 0 || record.interval_ns > (uint64_t) record.wall_ns ||
        get_u32(bytes + AT_CHECKSUM) != (uint32_t) crc32(0, bytes + 4, RING_RECORD_BYTES - 4) ||
        !get_name(bytes + AT_GUEST, record.guest, RING_GUEST_BYTES))
        return false;
    for (size_t i = 0; i < record.n_causes; i++) {
        const uint8_t *cause = bytes + AT_CAUSES + i * CAUSE_BYTES;

        record.causes[i].wait_ns = get_u64(cause);
        if (cause[8] >= BLAME_KINDS || !get_name(cause + 9, record.causes[i].name, RING_NAME_BYTES))
            return false;
        record.causes[i].kind = cause[8];
    }
    *ret_record = record;
    return true;
}

/* The header: magic 8, version 4, record_bytes 4, capacity 8, created 8, checksum 4, zeros. */
#define HEADER_CHECKED 32

void
ring_header_encode(const RingHeader *header, uint8_t bytes[RING_HEADER_BYTES])
{
    memset(bytes, 0, RING_HEADER_BYTES);
    memcpy(bytes, magic, sizeof magic);
    put_u32(bytes + 8, header->version);
    put_u32(bytes + 12, header->record_bytes);
    put_u64(bytes + 16, header->capacity);
    put_u64(bytes + 24, (uint64_t) header->created_ns);
    put_u32(bytes + HEADER_CHECKED, (uint32_t) crc32(0, bytes, HEADER_CHECKED));
}

bool
ring_header_decode(const uint8_t bytes[RING_HEADER_BYTES], RingHeader *ret_header)
{
    RingHeader header = {
        .version = get_u32(bytes + 8),
        .record_bytes = get_u32(bytes + 12),
        .capacity = get_u64(bytes + 16),
        .created_ns = (int64_t) get_u64(bytes + 24),
    };

    if (memcmp(bytes, magic, sizeof magic) != 0)
        return false;
    if (header.version == RING_VERSION &&
        (get_u32(bytes + HEADER_CHECKED) != (uint32_t) crc32(0, bytes, HEADER_CHECKED) ||
         header.record_bytes != RING_RECORD_BYTES || header.capacity == 0 ||
         header.capacity > RING_MAX_RECORDS))
        return false;
    *ret_header = header;
    return true;
}
