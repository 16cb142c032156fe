/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <glib.h>
#include <string.h>

#include "hostctl/ring/ring_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read must be written again as bytes that are read the same. */
static void
try_record(const uint8_t *bytes)
{
    uint8_t again[RING_RECORD_BYTES];
    RingRecord record, reread;

    if (!ring_record_decode(bytes, &record))
        return;
    ring_record_encode(&record, again);
    g_assert_true(ring_record_decode(again, &reread));
    g_assert_cmpuint(record.sequence, ==, reread.sequence);
    g_assert_cmpuint(record.wait_ns, ==, reread.wait_ns);
}

/* The input is a header and a record in one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t bytes[RING_HEADER_BYTES] = { 0 };
    RingHeader header;

    memcpy(bytes, data, MIN(size, sizeof bytes));
    ring_header_decode(bytes, &header);
    try_record(bytes);
    return 0;
}
