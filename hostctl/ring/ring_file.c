/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/ring/ring_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/clock.h"
#include "common/base/failure.h"

#define CHUNK_RECORDS ((size_t) 1024)

struct RingWriter {
    char *path;
    int fd;
    uint64_t capacity;
    uint64_t sequence; /* of the last record; 0: none */
};

uint64_t
ring_bytes(uint64_t records)
{
    return RING_HEADER_BYTES + records * RING_RECORD_BYTES;
}

static off_t
slot_at(uint64_t sequence, uint64_t capacity)
{
    return ring_bytes((sequence - 1) % capacity);
}

/* A plain file; O_NONBLOCK so that a pipe in its place cannot hold us. */
static int
open_plain(const char *path, int flags, struct stat *ret_info, GError **error)
{
    autofd int fd = open(path, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0640);
    int result;

    if (fd < 0 || fstat(fd, ret_info) < 0) {
        failure_set_errno(error, errno, "the ring %s", path);
        return -1;
    }
    if (!S_ISREG(ret_info->st_mode)) {
        failure_set(error, FAILURE_FAILED, "the ring %s is no plain file", path);
        return -1;
    }
    result = fd;
    fd = -1;
    return result;
}

static bool
read_header(int fd, const char *path, RingHeader *ret_header, GError **error)
{
    uint8_t bytes[RING_HEADER_BYTES];

    if (pread(fd, bytes, sizeof bytes, 0) == sizeof bytes && ring_header_decode(bytes, ret_header))
        return true;
    return failure_set(error, FAILURE_FAILED, "%s is no ring of hostctl exporter", path);
}

/* Reads in pieces; what another process writes meanwhile is at worst a torn record. */
static void
scan(int fd, uint64_t capacity, RingVisit visit, void *data)
{
    g_autofree uint8_t *chunk = g_malloc(CHUNK_RECORDS * RING_RECORD_BYTES);
    RingRecord record;

    for (uint64_t first = 0; first < capacity; first += CHUNK_RECORDS) {
        size_t wanted = MIN(CHUNK_RECORDS, capacity - first) * RING_RECORD_BYTES;
        ssize_t got = pread(fd, chunk, wanted, ring_bytes(first));
        size_t n = got > 0 ? (size_t) got / RING_RECORD_BYTES : 0;

        for (size_t i = 0; i < n; i++)
            if (ring_record_decode(chunk + i * RING_RECORD_BYTES, &record) &&
                (record.sequence - 1) % capacity == first + i)
                visit(&record, data);
        if (n < wanted / RING_RECORD_BYTES)
            return;
    }
}

bool
ring_read(const char *path, RingVisit visit, void *data, GError **error)
{
    struct stat info;
    RingHeader header;
    autofd int fd = open_plain(path, O_RDONLY, &info, error);

    if (fd < 0 || !read_header(fd, path, &header, error))
        return false;
    if (header.version != RING_VERSION)
        return failure_set(error, FAILURE_FAILED,
                           "the ring %s has version %u, this hostctl reads version %d", path,
                           header.version, RING_VERSION);
    scan(fd, header.capacity, visit, data);
    return true;
}

static void
keep_last(const RingRecord *record, void *data)
{
    RingWriter *writer = data;

    writer->sequence = MAX(writer->sequence, record->sequence);
}

static bool
begin_anew(RingWriter *writer, GError **error)
{
    RingHeader header = { RING_VERSION, RING_RECORD_BYTES, writer->capacity, clock_wall_ns() };
    uint8_t bytes[RING_HEADER_BYTES];

    ring_header_encode(&header, bytes);
    if (ftruncate(writer->fd, 0) < 0 || ftruncate(writer->fd, ring_bytes(writer->capacity)) < 0 ||
        pwrite(writer->fd, bytes, sizeof bytes, 0) != sizeof bytes || fdatasync(writer->fd) < 0)
        return failure_set_errno(error, errno, "the ring %s", writer->path);
    return true;
}

/* One that was made and not yet begun when the machine went down is empty, or all zeros. */
static bool
is_blank(int fd, off_t size)
{
    uint8_t bytes[RING_HEADER_BYTES];
    ssize_t n = pread(fd, bytes, sizeof bytes, 0);

    if (size == 0)
        return true;
    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] != 0)
            return false;
    return n == sizeof bytes;
}

static bool
take_over(RingWriter *writer, const struct stat *info, GError **error)
{
    RingHeader header;

    if (info->st_uid != geteuid() || info->st_nlink != 1)
        return failure_set(error, FAILURE_FAILED,
                           "the ring %s belongs to somebody else or has a second name",
                           writer->path);
    if (flock(writer->fd, LOCK_EX | LOCK_NB) < 0)
        return failure_set_errno(error, errno, "the ring %s is written by another process",
                                 writer->path);
    if (is_blank(writer->fd, info->st_size))
        return begin_anew(writer, error);
    if (!read_header(writer->fd, writer->path, &header, error))
        return false;
    if (header.version != RING_VERSION || header.capacity != writer->capacity)
        return begin_anew(writer, error);
    scan(writer->fd, writer->capacity, keep_last, writer);
    return true;
}

bool
ring_writer_open(const char *path, uint64_t max_bytes, RingWriter **ret_writer, GError **error)
{
    g_autoptr(RingWriter) writer = g_new0(RingWriter, 1);
    struct stat info;

    writer->fd = -1;
    writer->path = g_strdup(path);
    if (max_bytes < ring_bytes(1) || max_bytes > ring_bytes(RING_MAX_RECORDS))
        return failure_set(error, FAILURE_USAGE, "a ring has from 5 KiB to 8 GiB");
    writer->capacity = (max_bytes - RING_HEADER_BYTES) / RING_RECORD_BYTES;
    writer->fd = open_plain(path, O_RDWR | O_CREAT, &info, error);
    if (writer->fd < 0 || !take_over(writer, &info, error))
        return false;
    *ret_writer = g_steal_pointer(&writer);
    return true;
}

void
ring_writer_close(RingWriter *writer)
{
    if (!writer)
        return;

    if (writer->fd >= 0)
        close(writer->fd);
    g_free(writer->path);
    g_free(writer);
}

bool
ring_writer_append(RingWriter *writer, const RingRecord *record, GError **error)
{
    uint8_t bytes[RING_RECORD_BYTES];
    RingRecord numbered = *record;
    ssize_t written;

    numbered.sequence = writer->sequence + 1;
    ring_record_encode(&numbered, bytes);
    written = pwrite(writer->fd, bytes, sizeof bytes, slot_at(numbered.sequence, writer->capacity));
    if (written != sizeof bytes)
        return failure_set_errno(error, written < 0 ? errno : ENOSPC, "the ring %s", writer->path);
    writer->sequence = numbered.sequence;
    return true;
}

int64_t
ring_writer_oldest_ns(const RingWriter *writer)
{
    uint64_t oldest =
        writer->sequence > writer->capacity ? writer->sequence - writer->capacity + 1 : 1;
    uint8_t bytes[RING_RECORD_BYTES];
    RingRecord record;

    if (writer->sequence == 0 ||
        pread(writer->fd, bytes, sizeof bytes, slot_at(oldest, writer->capacity)) != sizeof bytes ||
        !ring_record_decode(bytes, &record))
        return 0;
    return record.wall_ns;
}
