/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the frames mean. Plain structs with bounded members: decoding allocates nothing, so a
 * hostile peer cannot make the other side grow. docs/wire-format.md gives the bytes.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/clock.h"
#include "common/base/event.h"
#include "common/wire/frame.h"

#define WIRE_EVENT_NAME_MAX 48 /* bytes of an event's name, the final 0 included */
#define WIRE_TEXT_MAX 512      /* bytes of a message for people, the final 0 included */
#define WIRE_FACTS_MAX 3072    /* bytes of the guest's facts (JSON text), the final 0 included */
#define WIRE_COMMAND_MAX 2048  /* bytes of a load's arguments or environment, 0-separated */
#define WIRE_LOAD_MAX 4092u    /* bytes of both together: they share a frame */
#define WIRE_SAMPLES_PER_FRAME 16
#define WIRE_TURNS_MAX 64                           /* turns of a cycle */
#define WIRE_TURN_WINDOWS_MAX 256                   /* windows of a turn */
#define WIRE_ERRNO_MAX 4095                         /* the greatest errno that Linux has */
#define WIRE_SYMBOLS_MAX 4080                       /* bytes of a file in one SYMBOLS */
#define WIRE_INTERVAL_MIN_NS 1000000ll              /* of MEASURE */
#define WIRE_DURATION_MAX_NS (24 * 3600000000000ll) /* of MEASURE: a day */

typedef enum {
    WIRE_SOURCE_AUTO = 0,
    WIRE_SOURCE_HARDWARE = 1,
    WIRE_SOURCE_EMULATED = 2,
    WIRE_SOURCE_SOFTWARE = 3,
} WireSource;

typedef struct {
    uint16_t version; /* WIRE_VERSION of the sender */
    uint16_t n_vcpus; /* CPUs online in the guest */
    uint64_t boot_id; /* differs after each boot of the guest and each start of the probe */
    char facts[WIRE_FACTS_MAX]; /* JSON object: kernel, cpu_model, hypervisor, clocksource, … */
} HelloMessage;

typedef struct {
    uint8_t source; /* a WireSource */
    uint8_t n_events;
    char events[EVENT_MAX][WIRE_EVENT_NAME_MAX];
} ArmMessage;

/* In each window of turn i the events of turns[i] count; bit k is the k-th event. */
typedef struct {
    ArmMessage arm;        /* first: its body is that of ARM, with room for the turn's number */
    uint16_t turn_windows; /* of each turn */
    uint8_t n_turns;
    uint32_t turns[WIRE_TURNS_MAX]; /* the first has all events; 0: none counts */
} ArmTurnsMessage;

typedef struct {
    uint8_t source; /* the one that was taken: never AUTO */
    uint8_t n_events;
    int32_t error[EVENT_MAX]; /* 0: counts; else the errno that forbids this event */
    char text[WIRE_TEXT_MAX]; /* why, in words; empty when all count */
} ArmedMessage;

typedef struct {
    uint16_t argv_len, env_len;  /* bytes used of each */
    char argv[WIRE_COMMAND_MAX]; /* "stress\0-c\0001\0" */
    char env[WIRE_COMMAND_MAX];  /* "NAME=value\0"; both together: WIRE_LOAD_MAX */
} LoadMessage;

typedef struct {
    int32_t pid;   /* of the load's first process; 0 when it failed */
    int32_t error; /* errno of fork or exec; 0 when it runs */
} LoadedMessage;

typedef struct {
    uint32_t visit; /* an opaque number, given back in SAMPLES and MEASURED */
    int64_t interval_ns;
    int64_t duration_ns; /* the guest takes duration / interval + 1 samples per vCPU */
} MeasureMessage;

/* One cumulative observation of one vCPU, as the guest sees itself. */
typedef struct {
    Stamp stamp; /* of the guest */
    uint16_t vcpu;
    uint8_t n_values;
    /* In the order of ArmMessage.events; UINT64_MAX: not counted. After ARM_TURNS one more: the
     * turn of the window that ended here, from 1; 0: none did. */
    uint64_t values[EVENT_MAX];
    uint64_t enabled_ns, running_ns;
    uint64_t steal_ns, busy_ns; /* /proc/stat of that CPU: steal; user+nice+system+irq+softirq */
    uint64_t canary_branches, canary_misses; /* of the bursts kept so far; 0 without a canary */
} WireSample;

typedef struct {
    uint32_t visit;
    uint16_t n_samples;
    WireSample samples[WIRE_SAMPLES_PER_FRAME];
} SamplesMessage;

typedef struct {
    uint32_t visit;
    uint32_t n_sent;
    uint32_t n_lost; /* ticks that came too late, or found the buffer full */
} MeasuredMessage;

typedef struct {
    uint32_t sequence;
    int64_t t1_ns; /* host, CLOCK_MONOTONIC_RAW; given back in PONG */
} PingMessage;

typedef struct {
    uint32_t sequence;
    int64_t t1_ns;
    int64_t t2_ns; /* guest, when the PING was read */
    int64_t t3_ns; /* guest, just before the PONG was written */
    uint64_t guest_tsc;
    int64_t guest_wall_ns;
} PongMessage;

typedef struct {
    uint16_t about; /* the FrameKind that could not be done; 0: none */
    char text[WIRE_TEXT_MAX];
} ProblemMessage;

typedef enum {
    WIRE_LOOP_OF_BRANCHES = 0, /* each round: WIRE_LOOP_INSTRUCTIONS, WIRE_LOOP_BRANCHES */
    WIRE_LOOP_OF_LOADS = 1,    /* each round: one load of a random line of 64 MiB */
} WireLoop;
#define WIRE_LOOP_INSTRUCTIONS 16
#define WIRE_LOOP_BRANCHES 3 /* one of them goes by a coin */

typedef struct {
    uint32_t visit; /* an opaque number, given back in SAMPLES and MEASURED */
    uint8_t loop;   /* a WireLoop */
    uint32_t rounds;
} LoopMessage;

#define WIRE_WORK_NOT_TOLD UINT64_MAX /* there is no load, or it does not count its work */

typedef struct {
    Stamp stamp;    /* of the guest */
    uint64_t units; /* of the load that runs, since it began; WIRE_WORK_NOT_TOLD */
} WorkMessage;

/* UINT64_MAX: the guest's kernel does not tell. */
typedef struct {
    uint32_t visit;
    Stamp stamp; /* of the guest */
    uint64_t swap_total_kib, swap_used_kib;
    uint64_t swapped_in_kib, swapped_out_kib; /* since its boot */
} MemoryMessage;

/* What a guest's kernel tells of its symbols. */
typedef enum {
    WIRE_FILE_KALLSYMS = 0, /* /proc/kallsyms */
    WIRE_FILE_MODULES = 1,  /* /proc/modules */
} WireFile;
#define WIRE_FILES 2

typedef struct {
    uint8_t file;    /* a WireFile */
    uint64_t offset; /* 0: opens it anew; else where the last SYMBOLS ended */
} SymbolsAskMessage;

typedef struct {
    uint8_t file;     /* that of the request, and its offset */
    uint64_t offset;  /* of the first byte */
    int32_t error;    /* errno of open(2) or read(2); 0 */
    uint16_t n_bytes; /* 0 without an error: the file ends here */
    char bytes[WIRE_SYMBOLS_MAX];
} SymbolsMessage;

typedef struct {
    uint16_t kind;
    union {
        HelloMessage hello;
        ArmMessage arm;
        ArmTurnsMessage arm_turns;
        ArmedMessage armed;
        LoadMessage load;
        LoadedMessage loaded;
        MeasureMessage measure;
        SamplesMessage samples;
        MeasuredMessage measured;
        PingMessage ping;
        PongMessage pong;
        ProblemMessage problem;
        LoopMessage loop;
        WorkMessage work;
        MemoryMessage memory;
        SymbolsAskMessage symbols_ask;
        SymbolsMessage symbols;
    };
} Message;

/* Appends the message as one frame. The caller keeps to the bounds above and below (asserted). */
void message_encode(GByteArray *out, const Message *message);

/*
 * Strict: a body too short or too long, a number out of its bounds, a text longer than its member
 * or with bytes that are not UTF-8 is an error that names the kind and the field. A kind that this
 * version does not know is an error of code FAILURE_UNSUPPORTED, which readers skip.
 */
bool message_decode(const Frame *frame, Message *ret_message, GError **error);

/* Packs a NULL-terminated vector as "a\0b\0"; false when it does not fit. */
bool message_pack_strv(const char *const *strv, char *buffer, size_t size, uint16_t *ret_len);
/* The reverse, for the receiver; free with g_strfreev(). NULL when the bytes do not end in 0. */
char **message_unpack_strv(const char *buffer, uint16_t len);
