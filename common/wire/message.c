/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/message.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/wire/codec.h"

/* Any two such times can be subtracted without overflow; of wall time it is the year 2116. */
#define TIME_MAX_NS (INT64_MAX / 2)

static void
visit_time(Codec *codec, const char *field, int64_t *time_ns)
{
    codec_i64(codec, field, time_ns, 0, TIME_MAX_NS);
}

static void
visit_hello(Codec *codec, Message *message)
{
    HelloMessage *hello = &message->hello;

    codec_u16(codec, "version", &hello->version, 0, UINT16_MAX);
    codec_u16(codec, "n_vcpus", &hello->n_vcpus, 1, UINT16_MAX);
    codec_u64(codec, "boot_id", &hello->boot_id);
    codec_text(codec, "facts", hello->facts, sizeof hello->facts);
}

static void
visit_nothing(Codec *codec, Message *message)
{
}

static void
visit_arm(Codec *codec, Message *message)
{
    ArmMessage *arm = &message->arm;

    codec_u8(codec, "source", &arm->source, WIRE_SOURCE_AUTO, WIRE_SOURCE_SOFTWARE);
    codec_u8(codec, "n_events", &arm->n_events, 0, EVENT_MAX);
    for (uint8_t i = 0; i < arm->n_events && !codec->failed; i++)
        codec_text(codec, "events", arm->events[i], sizeof arm->events[i]);
}

static void
visit_arm_turns(Codec *codec, Message *message)
{
    ArmTurnsMessage *turns = &message->arm_turns;

    static_assert(offsetof(ArmTurnsMessage, arm) == 0, "its body begins with that of ARM");
    visit_arm(codec, message);
    codec_u16(codec, "turn_windows", &turns->turn_windows, 1, WIRE_TURN_WINDOWS_MAX);
    codec_u8(codec, "n_turns", &turns->n_turns, 1, WIRE_TURNS_MAX);
    for (uint8_t i = 0; i < turns->n_turns && !codec->failed; i++)
        codec_u32(codec, "turns", &turns->turns[i]);
}

static void
visit_armed(Codec *codec, Message *message)
{
    ArmedMessage *armed = &message->armed;

    codec_u8(codec, "source", &armed->source, WIRE_SOURCE_HARDWARE, WIRE_SOURCE_SOFTWARE);
    codec_u8(codec, "n_events", &armed->n_events, 0, EVENT_MAX);
    for (uint8_t i = 0; i < armed->n_events && !codec->failed; i++)
        codec_i32(codec, "error", &armed->error[i], WIRE_ERRNO_MAX);
    codec_text(codec, "text", armed->text, sizeof armed->text);
}

static void
visit_load(Codec *codec, Message *message)
{
    LoadMessage *load = &message->load;

    codec_u16(codec, "argv_len", &load->argv_len, 0, sizeof load->argv);
    codec_u16(codec, "env_len", &load->env_len, 0, sizeof load->env);
    if (codec->failed)
        return;
    codec_bytes(codec, "argv", load->argv, load->argv_len);
    codec_bytes(codec, "env", load->env, load->env_len);
}

static void
visit_loaded(Codec *codec, Message *message)
{
    codec_i32(codec, "pid", &message->loaded.pid, INT32_MAX);
    codec_i32(codec, "error", &message->loaded.error, WIRE_ERRNO_MAX);
}

static void
visit_measure(Codec *codec, Message *message)
{
    MeasureMessage *measure = &message->measure;

    codec_u32(codec, "visit", &measure->visit);
    codec_i64(codec, "interval_ns", &measure->interval_ns, WIRE_INTERVAL_MIN_NS,
              WIRE_DURATION_MAX_NS);
    codec_i64(codec, "duration_ns", &measure->duration_ns, 0, WIRE_DURATION_MAX_NS);
}

static void
visit_stamp(Codec *codec, Stamp *stamp)
{
    visit_time(codec, "stamp.raw_ns", &stamp->raw_ns);
    codec_u64(codec, "stamp.tsc", &stamp->tsc);
    visit_time(codec, "stamp.wall_ns", &stamp->wall_ns);
}

static void
visit_sample(Codec *codec, WireSample *sample)
{
    visit_stamp(codec, &sample->stamp);
    codec_u16(codec, "vcpu", &sample->vcpu, 0, UINT16_MAX);
    codec_u8(codec, "n_values", &sample->n_values, 0, EVENT_MAX);
    for (uint8_t i = 0; i < sample->n_values && !codec->failed; i++)
        codec_u64(codec, "values", &sample->values[i]);
    codec_u64(codec, "enabled_ns", &sample->enabled_ns);
    codec_u64(codec, "running_ns", &sample->running_ns);
    codec_u64(codec, "steal_ns", &sample->steal_ns);
    codec_u64(codec, "busy_ns", &sample->busy_ns);
    codec_u64(codec, "canary_branches", &sample->canary_branches);
    codec_u64(codec, "canary_misses", &sample->canary_misses);
}

static void
visit_samples(Codec *codec, Message *message)
{
    SamplesMessage *samples = &message->samples;

    codec_u32(codec, "visit", &samples->visit);
    codec_u16(codec, "n_samples", &samples->n_samples, 0, WIRE_SAMPLES_PER_FRAME);
    for (uint16_t i = 0; i < samples->n_samples && !codec->failed; i++)
        visit_sample(codec, &samples->samples[i]);
}

static void
visit_measured(Codec *codec, Message *message)
{
    codec_u32(codec, "visit", &message->measured.visit);
    codec_u32(codec, "n_sent", &message->measured.n_sent);
    codec_u32(codec, "n_lost", &message->measured.n_lost);
}

static void
visit_ping(Codec *codec, Message *message)
{
    codec_u32(codec, "sequence", &message->ping.sequence);
    visit_time(codec, "t1_ns", &message->ping.t1_ns);
}

static void
visit_pong(Codec *codec, Message *message)
{
    PongMessage *pong = &message->pong;

    codec_u32(codec, "sequence", &pong->sequence);
    visit_time(codec, "t1_ns", &pong->t1_ns);
    visit_time(codec, "t2_ns", &pong->t2_ns);
    visit_time(codec, "t3_ns", &pong->t3_ns);
    codec_u64(codec, "guest_tsc", &pong->guest_tsc);
    visit_time(codec, "guest_wall_ns", &pong->guest_wall_ns);
}

static void
visit_problem(Codec *codec, Message *message)
{
    codec_u16(codec, "about", &message->problem.about, 0, UINT16_MAX);
    codec_text(codec, "text", message->problem.text, sizeof message->problem.text);
}

static void
visit_loop(Codec *codec, Message *message)
{
    codec_u32(codec, "visit", &message->loop.visit);
    codec_u8(codec, "loop", &message->loop.loop, WIRE_LOOP_OF_BRANCHES, WIRE_LOOP_OF_LOADS);
    codec_u32(codec, "rounds", &message->loop.rounds);
}

static void
visit_work(Codec *codec, Message *message)
{
    visit_stamp(codec, &message->work.stamp);
    codec_u64(codec, "units", &message->work.units);
}

static void
visit_memory(Codec *codec, Message *message)
{
    MemoryMessage *memory = &message->memory;

    codec_u32(codec, "visit", &memory->visit);
    visit_stamp(codec, &memory->stamp);
    codec_u64(codec, "swap_total_kib", &memory->swap_total_kib);
    codec_u64(codec, "swap_used_kib", &memory->swap_used_kib);
    codec_u64(codec, "swapped_in_kib", &memory->swapped_in_kib);
    codec_u64(codec, "swapped_out_kib", &memory->swapped_out_kib);
}

static void
visit_symbols_ask(Codec *codec, Message *message)
{
    codec_u8(codec, "file", &message->symbols_ask.file, WIRE_FILE_KALLSYMS, WIRE_FILE_MODULES);
    codec_u64(codec, "offset", &message->symbols_ask.offset);
}

static void
visit_symbols(Codec *codec, Message *message)
{
    SymbolsMessage *symbols = &message->symbols;

    codec_u8(codec, "file", &symbols->file, WIRE_FILE_KALLSYMS, WIRE_FILE_MODULES);
    codec_u64(codec, "offset", &symbols->offset);
    codec_i32(codec, "error", &symbols->error, WIRE_ERRNO_MAX);
    codec_u16(codec, "n_bytes", &symbols->n_bytes, 0, symbols->error ? 0 : WIRE_SYMBOLS_MAX);
    codec_bytes(codec, "bytes", symbols->bytes, symbols->n_bytes);
}

static const struct {
    FrameKind kind;
    void (*visit)(Codec *codec, Message *message);
} visits[] = {
    { FRAME_HELLO, visit_hello },
    { FRAME_HELLO_ASK, visit_nothing },
    { FRAME_ARM, visit_arm },
    { FRAME_ARMED, visit_armed },
    { FRAME_LOAD, visit_load },
    { FRAME_LOADED, visit_loaded },
    { FRAME_UNLOAD, visit_nothing },
    { FRAME_UNLOADED, visit_nothing },
    { FRAME_MEASURE, visit_measure },
    { FRAME_SAMPLES, visit_samples },
    { FRAME_MEASURED, visit_measured },
    { FRAME_PING, visit_ping },
    { FRAME_PONG, visit_pong },
    { FRAME_PROBLEM, visit_problem },
    { FRAME_BYE, visit_nothing },
    { FRAME_ARM_TASK, visit_arm },
    { FRAME_LOOP, visit_loop },
    { FRAME_WORK_ASK, visit_nothing },
    { FRAME_WORK, visit_work },
    { FRAME_MEMORY, visit_memory },
    { FRAME_SYMBOLS_ASK, visit_symbols_ask },
    { FRAME_SYMBOLS, visit_symbols },
    { FRAME_ARM_TURNS, visit_arm_turns },
};

static bool
visit(Codec *codec, Message *message)
{
    for (size_t i = 0; i < G_N_ELEMENTS(visits); i++) {
        if (visits[i].kind != message->kind)
            continue;
        visits[i].visit(codec, message);
        return codec_finish(codec);
    }
    return failure_set(codec->error, FAILURE_UNSUPPORTED,
                       "frame kind %u is unknown to version %u of the wire format", message->kind,
                       WIRE_VERSION);
}

void
message_encode(GByteArray *out, const Message *message)
{
    g_autoptr(GByteArray) body = g_byte_array_sized_new(256);
    Codec codec = { .out = body, .message = frame_kind_name(message->kind) };

    /* Writing only reads the message: the visits are shared with decoding. */
    if (!visit(&codec, (Message *) message))
        g_assert_not_reached();
    frame_encode(out, (FrameKind) message->kind, body->data, body->len);
}

bool
message_decode(const Frame *frame, Message *ret_message, GError **error)
{
    Message message = { .kind = frame->kind };
    Codec codec = {
        .at = frame->body,
        .end = frame->body + frame->body_len,
        .message = frame_kind_name(frame->kind),
        .error = error,
    };

    if (!visit(&codec, &message))
        return false;

    *ret_message = message;
    return true;
}

bool
message_pack_strv(const char *const *strv, char *buffer, size_t size, uint16_t *ret_len)
{
    size_t used = 0;

    for (; *strv; strv++) {
        size_t len = strlen(*strv) + 1;

        if (len > size - used || used + len > UINT16_MAX)
            return false;
        memcpy(buffer + used, *strv, len);
        used += len;
    }

    *ret_len = (uint16_t) used;
    return true;
}

char **
message_unpack_strv(const char *buffer, uint16_t len)
{
    g_autoptr(GPtrArray) strv = g_ptr_array_new_with_free_func(g_free);

    if (len > 0 && buffer[len - 1] != '\0')
        return NULL;

    for (size_t at = 0; at < len; at += strlen(buffer + at) + 1)
        g_ptr_array_add(strv, g_strdup(buffer + at));
    g_ptr_array_add(strv, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&strv), FALSE);
}
