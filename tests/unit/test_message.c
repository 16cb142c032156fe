/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/message.h"

#include <string.h>

#include "common/base/failure.h"
#include "tests/support/cmocka_all.h"

static const WireSample sample = {
    .stamp = { .raw_ns = 11, .tsc = 12, .wall_ns = 13 },
    .vcpu = 14,
    .n_values = 2,
    .values = { 15, UINT64_MAX },
    .enabled_ns = 17,
    .running_ns = 18,
    .steal_ns = 19,
    .busy_ns = 20,
    .canary_branches = 21,
    .canary_misses = 22,
};

/* One message of each kind, in the order of FRAME_KINDS. */
static const Message examples[] = {
    { .kind = FRAME_HELLO, .hello = { 1, 2, 3, "{\"kernel\": \"6.1\"}" } },
    { .kind = FRAME_HELLO_ASK },
    { .kind = FRAME_ARM, .arm = { WIRE_SOURCE_EMULATED, 2, { "cycles", "branch-misses" } } },
    { .kind = FRAME_ARMED, .armed = { WIRE_SOURCE_SOFTWARE, 2, { 0, 2 }, "cycles: no such PMU" } },
    { .kind = FRAME_LOAD, .load = { 12, 4, "stress\0-c\0001", "A=b" } },
    { .kind = FRAME_LOADED, .loaded = { 123, 0 } },
    { .kind = FRAME_UNLOAD },
    { .kind = FRAME_UNLOADED },
    { .kind = FRAME_MEASURE, .measure = { 7, 100000000, 500000000 } },
    { .kind = FRAME_SAMPLES, .samples = { 7, 1, { sample } } },
    { .kind = FRAME_MEASURED, .measured = { 7, 6, 1 } },
    { .kind = FRAME_PING, .ping = { 9, 1000 } },
    { .kind = FRAME_PONG, .pong = { 9, 1000, 2000, 3000, 4000, 5000 } },
    { .kind = FRAME_PROBLEM, .problem = { FRAME_LOAD, "no such command: strëss" } },
    { .kind = FRAME_BYE },
    { .kind = FRAME_LOOP, .loop = { 7, WIRE_LOOP_OF_LOADS, 1000000 } },
    { .kind = FRAME_ARM_TASK, .arm = { WIRE_SOURCE_SOFTWARE, 1, { "task-clock" } } },
    { .kind = FRAME_WORK_ASK },
    { .kind = FRAME_WORK, .work = { { 11, 12, 13 }, 14 } },
    { .kind = FRAME_MEMORY, .memory = { 7, { 1, 2, 3 }, 1024, 512, 4096, UINT64_MAX } },
    { .kind = FRAME_SYMBOLS_ASK, .symbols_ask = { WIRE_FILE_MODULES, 4080 } },
    { .kind = FRAME_SYMBOLS, .symbols = { WIRE_FILE_KALLSYMS, 4080, 0, 4, "0 T\n" } },
    { .kind = FRAME_ARM_TURNS,
      .arm_turns = { { WIRE_SOURCE_HARDWARE, 2, { "cycles", "branches" } }, 4, 3, { 3, 0, 1 } } },
};

static Frame
frame_in(const GByteArray *bytes)
{
    Frame frame = { 0 };

    assert_int_equal(frame_decode(bytes->data, bytes->len, &frame, NULL), bytes->len);
    return frame;
}

static GByteArray *
encode(const Message *message)
{
    GByteArray *bytes = g_byte_array_new();

    message_encode(bytes, message);
    return bytes;
}

static const Message *
example(FrameKind kind)
{
    assert_int_equal(examples[kind - 1].kind, kind);
    return &examples[kind - 1];
}

static void
has_an_example_of_every_kind(void **state)
{
    size_t n_kinds = 0;

#define X(name, number) n_kinds++;
    FRAME_KINDS(X)
#undef X
    assert_int_equal(G_N_ELEMENTS(examples), n_kinds);
    for (size_t i = 0; i < G_N_ELEMENTS(examples); i++)
        assert_int_equal(examples[i].kind, i + 1);
}

static void
encodes_again_what_it_decoded(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_autoptr(GByteArray) first = encode(&examples[i]);
        g_autoptr(GByteArray) second = NULL;
        Frame frame = frame_in(first);
        Message message;

        assert_true(message_decode(&frame, &message, NULL));
        second = encode(&message);
        assert_int_equal(first->len, second->len);
        assert_memory_equal(first->data, second->data, first->len);
    }
}

static void
gives_back_every_member(void **state)
{
    g_autoptr(GByteArray) bytes = encode(example(FRAME_SAMPLES));
    Frame frame = frame_in(bytes);
    Message message;
    const WireSample *got = &message.samples.samples[0];

    assert_true(message_decode(&frame, &message, NULL));
    assert_int_equal(message.samples.visit, 7);
    assert_int_equal(message.samples.n_samples, 1);
    assert_int_equal(got->stamp.raw_ns, 11);
    assert_int_equal(got->stamp.tsc, 12);
    assert_int_equal(got->stamp.wall_ns, 13);
    assert_int_equal(got->vcpu, 14);
    assert_int_equal(got->n_values, 2);
    assert_int_equal(got->values[0], 15);
    assert_true(got->values[1] == UINT64_MAX);
    assert_int_equal(got->enabled_ns, 17);
    assert_int_equal(got->running_ns, 18);
    assert_int_equal(got->steal_ns, 19);
    assert_int_equal(got->busy_ns, 20);
    assert_int_equal(got->canary_branches, 21);
    assert_int_equal(got->canary_misses, 22);
}

static void
writes_the_documented_bytes(void **state)
{
    const uint8_t want[] = { 0x69, 0x6f, 9,    0,    20, 0, 0, 0, /* header */
                             7,    0,    0,    0,                 /* visit */
                             0x00, 0xe1, 0xf5, 0x05, 0,  0, 0, 0, /* 100 ms */
                             0x00, 0x65, 0xcd, 0x1d, 0,  0, 0, 0 /* 500 ms */ };
    g_autoptr(GByteArray) bytes = encode(example(FRAME_MEASURE));

    assert_int_equal(bytes->len, sizeof want);
    assert_memory_equal(bytes->data, want, sizeof want);
}

static void
refuses_a_body_of_any_other_length(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_autoptr(GByteArray) bytes = encode(&examples[i]);
        Frame frame = frame_in(bytes);
        size_t right = frame.body_len;
        g_autofree uint8_t *body = g_malloc0(right + 1);
        Message message = { .kind = 4711 };

        memcpy(body, frame.body, right);
        frame.body = body;
        for (frame.body_len = 0; frame.body_len <= right + 1; frame.body_len++) {
            g_autoptr(GError) error = NULL;

            if (frame.body_len == right)
                continue;
            assert_false(message_decode(&frame, &message, &error));
            assert_true(g_str_has_prefix(error->message, frame_kind_name(frame.kind)));
            assert_int_equal(message.kind, 4711);
        }
    }
}

/* One field of an example overwritten with a value out of its bounds. */
static const struct {
    FrameKind kind;
    size_t offset, size;
    uint64_t value;
    const char *error;
} bounds[] = {
    { FRAME_HELLO, 2, 2, 0, "HELLO.n_vcpus: " },
    { FRAME_HELLO, 12, 2, WIRE_FACTS_MAX, "HELLO.facts: " },
    { FRAME_HELLO, 14, 1, 0xff, "HELLO.facts: not UTF-8" },
    { FRAME_HELLO, 14, 1, 0, "HELLO.facts: not UTF-8" },
    { FRAME_ARM, 0, 1, 4, "ARM.source: " },
    { FRAME_ARM, 1, 1, EVENT_MAX + 1, "ARM.n_events: " },
    { FRAME_ARM, 2, 2, WIRE_EVENT_NAME_MAX, "ARM.events: " },
    { FRAME_ARM, 4, 1, 0x80, "ARM.events: not UTF-8" },
    { FRAME_ARMED, 0, 1, WIRE_SOURCE_AUTO, "ARMED.source: " },
    { FRAME_ARMED, 0, 1, 4, "ARMED.source: " },
    { FRAME_ARMED, 1, 1, EVENT_MAX + 1, "ARMED.n_events: " },
    { FRAME_ARMED, 2, 4, WIRE_ERRNO_MAX + 1, "ARMED.error: " },
    { FRAME_ARMED, 2, 4, 0xffffffff, "ARMED.error: " },
    { FRAME_ARMED, 10, 2, WIRE_TEXT_MAX, "ARMED.text: " },
    { FRAME_LOAD, 0, 2, WIRE_COMMAND_MAX + 1, "LOAD.argv_len: " },
    { FRAME_LOAD, 2, 2, WIRE_COMMAND_MAX + 1, "LOAD.env_len: " },
    { FRAME_LOADED, 0, 4, 0xffffffff, "LOADED.pid: " },
    { FRAME_LOADED, 4, 4, WIRE_ERRNO_MAX + 1, "LOADED.error: " },
    { FRAME_MEASURE, 4, 8, WIRE_INTERVAL_MIN_NS - 1, "MEASURE.interval_ns: " },
    { FRAME_MEASURE, 4, 8, WIRE_DURATION_MAX_NS + 1, "MEASURE.interval_ns: " },
    { FRAME_MEASURE, 12, 8, UINT64_MAX, "MEASURE.duration_ns: " },
    { FRAME_MEASURE, 12, 8, WIRE_DURATION_MAX_NS + 1, "MEASURE.duration_ns: " },
    { FRAME_SAMPLES, 4, 2, WIRE_SAMPLES_PER_FRAME + 1, "SAMPLES.n_samples: " },
    { FRAME_SAMPLES, 6, 8, UINT64_MAX, "SAMPLES.stamp.raw_ns: " },
    { FRAME_SAMPLES, 22, 8, (uint64_t) INT64_MAX, "SAMPLES.stamp.wall_ns: " },
    { FRAME_SAMPLES, 32, 1, EVENT_MAX + 1, "SAMPLES.n_values: " },
    { FRAME_PING, 4, 8, UINT64_MAX, "PING.t1_ns: " },
    { FRAME_PONG, 4, 8, UINT64_MAX, "PONG.t1_ns: " },
    { FRAME_PONG, 12, 8, UINT64_MAX, "PONG.t2_ns: " },
    { FRAME_PONG, 20, 8, UINT64_MAX, "PONG.t3_ns: " },
    { FRAME_PONG, 36, 8, UINT64_MAX, "PONG.guest_wall_ns: " },
    { FRAME_PROBLEM, 2, 2, WIRE_TEXT_MAX, "PROBLEM.text: " },
    { FRAME_SYMBOLS_ASK, 0, 1, WIRE_FILES, "SYMBOLS_ASK.file: " },
    { FRAME_SYMBOLS, 0, 1, WIRE_FILES, "SYMBOLS.file: " },
    { FRAME_SYMBOLS, 9, 4, WIRE_ERRNO_MAX + 1, "SYMBOLS.error: " },
    { FRAME_SYMBOLS, 9, 4, 13, "SYMBOLS.n_bytes: " }, /* an errno, and bytes all the same */
    { FRAME_SYMBOLS, 13, 2, 5, "SYMBOLS.bytes: " },   /* more than there are */
    { FRAME_SYMBOLS, 13, 2, WIRE_SYMBOLS_MAX + 1, "SYMBOLS.n_bytes: " },
};

static void
refuses_each_field_out_of_its_bounds(void **state)
{
    for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
        g_autoptr(GByteArray) bytes = encode(example(bounds[i].kind));
        g_autoptr(GError) error = NULL;
        Message message = { .kind = 4711 };
        Frame frame;

        for (size_t b = 0; b < bounds[i].size; b++)
            bytes->data[sizeof(FrameHeader) + bounds[i].offset + b] =
                (uint8_t) (bounds[i].value >> (8 * b));
        frame = frame_in(bytes);
        assert_false(message_decode(&frame, &message, &error));
        assert_true(g_str_has_prefix(error->message, bounds[i].error));
        assert_int_equal(error->code, FAILURE_FAILED);
        assert_int_equal(message.kind, 4711);
    }
}

static void
takes_messages_of_the_greatest_size(void **state)
{
    g_autofree Message *message = g_new0(Message, 1);

    message->kind = FRAME_SAMPLES;
    message->samples.n_samples = WIRE_SAMPLES_PER_FRAME;
    for (int i = 0; i < WIRE_SAMPLES_PER_FRAME; i++) {
        message->samples.samples[i] = sample;
        message->samples.samples[i].n_values = EVENT_MAX;
    }
    g_byte_array_unref(encode(message));

    memset(message, 0, sizeof *message);
    message->kind = FRAME_HELLO;
    message->hello.n_vcpus = 1;
    memset(message->hello.facts, 'x', WIRE_FACTS_MAX - 1);
    g_byte_array_unref(encode(message));

    memset(message, 0, sizeof *message);
    message->kind = FRAME_LOAD;
    message->load.argv_len = WIRE_COMMAND_MAX;
    message->load.env_len = WIRE_LOAD_MAX - WIRE_COMMAND_MAX;
    g_byte_array_unref(encode(message));

    memset(message, 0, sizeof *message);
    message->kind = FRAME_SYMBOLS;
    message->symbols.n_bytes = WIRE_SYMBOLS_MAX;
    g_byte_array_unref(encode(message));
}

static void
says_unsupported_of_a_kind_that_it_does_not_know(void **state)
{
    const Frame frame = { .kind = 99 };
    g_autoptr(GError) error = NULL;
    Message message;

    assert_false(message_decode(&frame, &message, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_UNSUPPORTED));
}

static void
packs_and_unpacks_a_command(void **state)
{
    const char *const argv[] = { "stress", "", "-c 1", NULL };
    const char *const none[] = { NULL };
    g_auto(GStrv) back = NULL;
    g_auto(GStrv) empty = NULL;
    char buffer[13];
    uint16_t len;

    assert_true(message_pack_strv(argv, buffer, sizeof buffer, &len));
    assert_int_equal(len, 13);
    assert_memory_equal(buffer, "stress\0\0-c 1", 13);
    back = message_unpack_strv(buffer, len);
    assert_true(g_strv_equal((const char *const *) back, argv));

    assert_true(message_pack_strv(none, buffer, sizeof buffer, &len));
    assert_int_equal(len, 0);
    empty = message_unpack_strv(buffer, 0);
    assert_null(empty[0]);
}

static void
refuses_a_command_that_does_not_fit_or_end(void **state)
{
    const char *const argv[] = { "stress", "-c", NULL };
    char buffer[9];
    uint16_t len = 42;

    assert_false(message_pack_strv(argv, buffer, sizeof buffer, &len));
    assert_int_equal(len, 42);
    assert_null(message_unpack_strv("stress", 6));
}

static void
is_described_with_its_version_and_kinds(void **state)
{
    g_autofree char *path =
        g_build_filename(g_getenv("TEST_DATA_DIR"), "..", "docs", "wire-format.md", NULL);
    g_autofree char *version = g_strdup_printf("\nFormat version: %d\n", WIRE_VERSION);
    g_autofree char *text = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_non_null(strstr(text, version));
    for (size_t i = 0; i < G_N_ELEMENTS(examples); i++) {
        g_autofree char *heading =
            g_strdup_printf("\n### %u %s ", examples[i].kind, frame_kind_name(examples[i].kind));

        if (!strstr(text, heading))
            fail_msg("docs/wire-format.md has no heading “%s”", heading + 1);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_an_example_of_every_kind),
        cmocka_unit_test(encodes_again_what_it_decoded),
        cmocka_unit_test(gives_back_every_member),
        cmocka_unit_test(writes_the_documented_bytes),
        cmocka_unit_test(refuses_a_body_of_any_other_length),
        cmocka_unit_test(refuses_each_field_out_of_its_bounds),
        cmocka_unit_test(takes_messages_of_the_greatest_size),
        cmocka_unit_test(says_unsupported_of_a_kind_that_it_does_not_know),
        cmocka_unit_test(packs_and_unpacks_a_command),
        cmocka_unit_test(refuses_a_command_that_does_not_fit_or_end),
        cmocka_unit_test(is_described_with_its_version_and_kinds),
    };

    return cmocka_run_group_tests_name("message", tests, NULL, NULL);
}
