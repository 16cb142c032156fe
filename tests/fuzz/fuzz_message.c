/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "common/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A command that was taken apart is put together again as the same bytes. */
static void
check_strv(const char *packed, uint16_t length)
{
    g_auto(GStrv) words = message_unpack_strv(packed, length);
    char again[WIRE_COMMAND_MAX];
    uint16_t again_length = 0;

    if (!words)
        return;
    g_assert(message_pack_strv((const char *const *) words, again, sizeof again, &again_length));
    g_assert(again_length == length && memcmp(again, packed, length) == 0);
}

/* What can be decoded must encode to the very bytes it came from: the format has one spelling. */
static void
check_round_trip(const Frame *frame, const uint8_t *bytes, size_t len)
{
    g_autoptr(GByteArray) again = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    Message message;

    if (!message_decode(frame, &message, &error)) {
        g_assert(error && g_utf8_validate(error->message, -1, NULL));
        return;
    }
    if (message.kind == FRAME_LOAD) {
        check_strv(message.load.argv, message.load.argv_len);
        check_strv(message.load.env, message.load.env_len);
    }
    message_encode(again, &message);
    g_assert(again->len == len && memcmp(again->data, bytes, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Frame frame;
    ssize_t taken;

    while ((taken = frame_decode(data, size, &frame, NULL)) > 0) {
        check_round_trip(&frame, data, (size_t) taken);
        data += taken;
        size -= (size_t) taken;
    }
    return 0;
}
