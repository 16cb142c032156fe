/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/frame.h"

#include <endian.h>
#include <string.h>

#include "common/base/failure.h"

const char *
frame_kind_name(uint16_t kind)
{
    switch ((FrameKind) kind) {
#define X(name, number) \
    case FRAME_##name:  \
        return #name;
        FRAME_KINDS(X)
#undef X
    }
    return "unknown";
}

void
frame_encode(GByteArray *out, FrameKind kind, const void *body, size_t body_len)
{
    FrameHeader header = {
        .magic = htole16(FRAME_MAGIC),
        .kind = htole16((uint16_t) kind),
        .body_len = htole32((uint32_t) body_len),
    };

    g_assert(body_len <= FRAME_MAX_BODY);

    g_byte_array_append(out, (const uint8_t *) &header, sizeof header);
    if (body_len)
        g_byte_array_append(out, body, (guint) body_len);
}

ssize_t
frame_decode(const uint8_t *bytes, size_t len, Frame *ret_frame, GError **error)
{
    FrameHeader header = { 0 };
    size_t body_len;

    if (len > 0)
        memcpy(&header, bytes, MIN(len, sizeof header));
    /* Two bytes are enough to see that the stream has lost its place. */
    if (len >= sizeof header.magic && le16toh(header.magic) != FRAME_MAGIC) {
        failure_set(error, FAILURE_FAILED,
                    "the stream has lost its place: a frame begins with 0x%04x, not 0x%04x",
                    le16toh(header.magic), FRAME_MAGIC);
        return -1;
    }
    if (len < sizeof header)
        return 0;

    body_len = le32toh(header.body_len);
    if (body_len > FRAME_MAX_BODY) {
        failure_set(error, FAILURE_FAILED, "a frame (%s) of %zu bytes is over the limit of %u",
                    frame_kind_name(le16toh(header.kind)), body_len, FRAME_MAX_BODY);
        return -1;
    }
    if (len - sizeof header < body_len)
        return 0;

    *ret_frame = (Frame){
        .kind = le16toh(header.kind),
        .body = bytes + sizeof header,
        .body_len = body_len,
    };
    return (ssize_t) (sizeof header + body_len);
}
