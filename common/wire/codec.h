/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Visits the fields of a message in their order on the wire, to write or to read them: one
 * description of a message serves both directions. The first field that fails ends the visit;
 * what follows does nothing. Private to common/wire.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    GByteArray *out; /* writing: appended to; NULL when reading */
    const uint8_t *at, *end;
    const char *message; /* its name, for errors */
    bool failed;
    GError **error;
} Codec;

/* Little-endian. Reading refuses a value outside min … max; writing asserts it is inside. */
void codec_u8(Codec *codec, const char *field, uint8_t *value, uint8_t min, uint8_t max);
void codec_u16(Codec *codec, const char *field, uint16_t *value, uint16_t min, uint16_t max);
void codec_u32(Codec *codec, const char *field, uint32_t *value);
void codec_u64(Codec *codec, const char *field, uint64_t *value);
/* Signed members whose values are never negative. */
void codec_i32(Codec *codec, const char *field, int32_t *value, int32_t max);
void codec_i64(Codec *codec, const char *field, int64_t *value, int64_t min, int64_t max);

/* A 16 bit length and as many bytes of UTF-8 without a 0; `size` is the member's, its 0 included.
 */
void codec_text(Codec *codec, const char *field, char *text, size_t size);

/* `len` bytes as they are, whose number is another field. */
void codec_bytes(Codec *codec, const char *field, char *bytes, size_t len);

/* Ends reading: bytes left over are an error. True when nothing failed. */
bool codec_finish(Codec *codec);
