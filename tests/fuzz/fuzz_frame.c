/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken must be written again as the same bytes, whatever its kind. */
static void
check_again(const Frame *frame, const uint8_t *bytes, size_t len)
{
    g_autoptr(GByteArray) again = g_byte_array_new();

    frame_encode(again, frame->kind, frame->body, frame->body_len);
    g_assert(again->len == len && memcmp(again->data, bytes, len) == 0);
    g_assert(*frame_kind_name(frame->kind));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Frame frame;
    ssize_t taken;

    while ((taken = frame_decode(data, size, &frame, NULL)) > 0) {
        g_assert((size_t) taken <= size);
        g_assert(frame.body >= data && frame.body + frame.body_len <= data + size);
        check_again(&frame, data, (size_t) taken);
        data += taken;
        size -= (size_t) taken;
    }
    return 0;
}
