/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Frame frame;
    ssize_t taken;

    while ((taken = frame_decode(data, size, &frame, NULL)) > 0) {
        g_assert((size_t) taken <= size);
        g_assert(frame.body >= data && frame.body + frame.body_len <= data + size);
        data += taken;
        size -= (size_t) taken;
    }
    return 0;
}
