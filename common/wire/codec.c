/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/codec.h"

#include <string.h>

#include "common/base/failure.h"

static void
fail(Codec *codec, const char *field, const char *why)
{
    codec->failed = true;
    failure_set(codec->error, FAILURE_FAILED, "%s.%s: %s", codec->message, field, why);
}

/* One integer of `size` bytes, least significant first. */
static uint64_t
integer(Codec *codec, const char *field, uint64_t value, size_t size)
{
    uint8_t bytes[8];

    if (codec->failed)
        return 0;
    if (codec->out) {
        for (size_t i = 0; i < size; i++)
            bytes[i] = (uint8_t) (value >> (8 * i));
        g_byte_array_append(codec->out, bytes, (guint) size);
        return value;
    }
    if ((size_t) (codec->end - codec->at) < size) {
        fail(codec, field, "the message ends before it");
        return 0;
    }
    value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t) *codec->at++ << (8 * i);
    return value;
}

static void
check(Codec *codec, const char *field, bool inside)
{
    if (codec->failed || inside)
        return;
    g_assert(!codec->out);
    fail(codec, field, "out of bounds");
}

void
codec_u8(Codec *codec, const char *field, uint8_t *value, uint8_t min, uint8_t max)
{
    uint64_t got = integer(codec, field, *value, sizeof *value);

    if (!codec->out)
        *value = (uint8_t) got;
    check(codec, field, *value >= min && *value <= max);
}

void
codec_u16(Codec *codec, const char *field, uint16_t *value, uint16_t min, uint16_t max)
{
    uint64_t got = integer(codec, field, *value, sizeof *value);

    if (!codec->out)
        *value = (uint16_t) got;
    check(codec, field, *value >= min && *value <= max);
}

void
codec_u32(Codec *codec, const char *field, uint32_t *value)
{
    uint64_t got = integer(codec, field, *value, sizeof *value);

    if (!codec->out)
        *value = (uint32_t) got;
}

void
codec_u64(Codec *codec, const char *field, uint64_t *value)
{
    uint64_t got = integer(codec, field, *value, sizeof *value);

    if (!codec->out)
        *value = got;
}

void
codec_i32(Codec *codec, const char *field, int32_t *value, int32_t max)
{
    uint64_t got = integer(codec, field, (uint32_t) *value, sizeof *value);

    if (!codec->out)
        *value = (int32_t) got;
    check(codec, field, *value >= 0 && *value <= max);
}

void
codec_i64(Codec *codec, const char *field, int64_t *value, int64_t min, int64_t max)
{
    uint64_t got = integer(codec, field, (uint64_t) *value, sizeof *value);

    if (!codec->out)
        *value = (int64_t) got;
    check(codec, field, *value >= min && *value <= max);
}

void
codec_bytes(Codec *codec, const char *field, char *bytes, size_t len)
{
    if (codec->failed)
        return;
    if (codec->out) {
        if (len)
            g_byte_array_append(codec->out, (const uint8_t *) bytes, (guint) len);
        return;
    }
    if ((size_t) (codec->end - codec->at) < len) {
        fail(codec, field, "the message ends before it");
        return;
    }
    memcpy(bytes, codec->at, len);
    codec->at += len;
}

void
codec_text(Codec *codec, const char *field, char *text, size_t size)
{
    uint16_t len = codec->out ? (uint16_t) strnlen(text, size) : 0;

    codec_u16(codec, field, &len, 0, (uint16_t) (size - 1));
    if (codec->failed)
        return;
    codec_bytes(codec, field, text, len);
    if (codec->failed || codec->out)
        return;
    text[len] = '\0';
    if (!g_utf8_validate(text, len, NULL))
        fail(codec, field, "not UTF-8 text");
}

bool
codec_finish(Codec *codec)
{
    if (!codec->failed && !codec->out && codec->at != codec->end) {
        codec->failed = true;
        failure_set(codec->error, FAILURE_FAILED, "%s: %zd bytes more than it has fields for",
                    codec->message, codec->end - codec->at);
    }
    return !codec->failed;
}
