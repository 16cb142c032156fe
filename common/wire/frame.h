/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The frames that guestprobe and hostctl exchange; docs/wire-format.md has the bytes.
 * All integers are little-endian. A reader skips frame kinds it does not know.
 */
#pragma once

#include <assert.h>
#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define WIRE_VERSION 1
#define FRAME_MAX_BODY 4096u

/* One line per kind, so that a name and a number can never disagree. */
#define FRAME_KINDS(X)                                                                 \
    X(HELLO, 1)        /* guest: who I am; sent when asked and when the port opens */  \
    X(HELLO_ASK, 2)    /* host: say HELLO (the host may have come late) */             \
    X(ARM, 3)          /* host: open these events from this source */                  \
    X(ARMED, 4)        /* guest: what really counts */                                 \
    X(LOAD, 5)         /* host: start this command as the guest's load */              \
    X(LOADED, 6)       /* guest: it runs, or why not */                                \
    X(UNLOAD, 7)       /* host: end the load and all its children */                   \
    X(UNLOADED, 8)     /* guest: nothing of it is left */                              \
    X(MEASURE, 9)      /* host: sample so often, so long, in silence */                \
    X(SAMPLES, 10)     /* guest: what was taken, after the window */                   \
    X(MEASURED, 11)    /* guest: that was all, so many were lost */                    \
    X(PING, 12)        /* host: clock echo */                                          \
    X(PONG, 13)        /* guest: its two stamps */                                     \
    X(PROBLEM, 14)     /* guest: a request that could not be done, in words */         \
    X(BYE, 15)         /* host: power off */                                           \
    X(LOOP, 16)        /* host: count a loop whose counts are known; SAMPLES answer */ \
    X(ARM_TASK, 17)    /* host: open these events about each load when it starts */    \
    X(WORK_ASK, 18)    /* host: say how much work the load has done */                 \
    X(WORK, 19)        /* guest: so much, by now */                                    \
    X(MEMORY, 20)      /* guest: its swap, before and after a MEASURE */               \
    X(SYMBOLS_ASK, 21) /* host: the next bytes of kallsyms or modules */               \
    X(SYMBOLS, 22)     /* guest: these, or why not */                                  \
    X(ARM_TURNS, 23)   /* host: open these events, and count some of them by turns */

typedef enum {
#define X(name, number) FRAME_##name = (number),
    FRAME_KINDS(X)
#undef X
} FrameKind;

typedef struct {
    uint16_t magic; /* FRAME_MAGIC: a stream that lost its place is noticed at once */
    uint16_t kind;
    uint32_t body_len;
} FrameHeader;
static_assert(sizeof(FrameHeader) == 8, "FrameHeader is on the wire");
#define FRAME_MAGIC 0x6f69u /* "io" */

typedef struct {
    uint16_t kind;       /* a FrameKind, or a number of a later version */
    const uint8_t *body; /* points into the caller's buffer */
    size_t body_len;
} Frame;

/* "HELLO"; "unknown" for a number that is no kind. */
const char *frame_kind_name(uint16_t kind);

/* Appends one frame; body_len must not exceed FRAME_MAX_BODY. */
void frame_encode(GByteArray *out, FrameKind kind, const void *body, size_t body_len);

/*
 * Returns the bytes taken by the first frame, 0 when it is not complete yet,
 * -1 when the stream is broken (wrong magic or a body over the limit).
 */
ssize_t frame_decode(const uint8_t *bytes, size_t len, Frame *ret_frame, GError **error);
