/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/frame.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

static GByteArray *
frame_of(FrameKind kind, const void *body, size_t len)
{
    GByteArray *bytes = g_byte_array_new();

    frame_encode(bytes, kind, body, len);
    return bytes;
}

static void
decodes_what_it_encoded(void **state)
{
    g_autoptr(GByteArray) bytes = frame_of(FRAME_PING, "abc", 3);
    Frame frame;

    assert_int_equal(frame_decode(bytes->data, bytes->len, &frame, NULL), 11);
    assert_int_equal(frame.kind, FRAME_PING);
    assert_int_equal(frame.body_len, 3);
    assert_memory_equal(frame.body, "abc", 3);
}

static void
writes_the_documented_bytes(void **state)
{
    const uint8_t want[] = { 0x69, 0x6f, 12, 0, 3, 0, 0, 0, 'a', 'b', 'c' };
    g_autoptr(GByteArray) bytes = frame_of(FRAME_PING, "abc", 3);

    assert_int_equal(bytes->len, sizeof want);
    assert_memory_equal(bytes->data, want, sizeof want);
}

static void
waits_for_every_missing_byte(void **state)
{
    g_autoptr(GByteArray) bytes = frame_of(FRAME_PING, "abc", 3);
    Frame frame;

    for (size_t len = 0; len < bytes->len; len++)
        assert_int_equal(frame_decode(bytes->data, len, &frame, NULL), 0);
    assert_int_equal(frame_decode(NULL, 0, &frame, NULL), 0);
}

static void
takes_one_frame_of_two(void **state)
{
    g_autoptr(GByteArray) bytes = frame_of(FRAME_PING, "abc", 3);
    Frame frame;

    frame_encode(bytes, FRAME_BYE, NULL, 0);

    assert_int_equal(frame_decode(bytes->data, bytes->len, &frame, NULL), 11);
    assert_int_equal(frame_decode(bytes->data + 11, bytes->len - 11, &frame, NULL), 8);
    assert_int_equal(frame.kind, FRAME_BYE);
    assert_int_equal(frame.body_len, 0);
}

static void
carries_a_body_of_exactly_the_limit(void **state)
{
    g_autofree char *body = g_malloc0(FRAME_MAX_BODY);
    g_autoptr(GByteArray) bytes = frame_of(FRAME_SAMPLES, body, FRAME_MAX_BODY);
    Frame frame;

    assert_int_equal(frame_decode(bytes->data, bytes->len, &frame, NULL), bytes->len);
    assert_int_equal(frame.body_len, FRAME_MAX_BODY);
}

static void
refuses_a_frame_over_the_limit(void **state)
{
    const uint8_t huge[] = { 0x69, 0x6f, 10, 0, 0x01, 0x10, 0, 0 };
    g_autoptr(GError) error = NULL;
    Frame frame = { .kind = 77 };

    assert_int_equal(frame_decode(huge, sizeof huge, &frame, &error), -1);
    assert_non_null(strstr(error->message, "SAMPLES"));
    assert_non_null(strstr(error->message, "4097"));
    assert_int_equal(frame.kind, 77);
}

static void
notices_a_lost_place_at_the_second_byte(void **state)
{
    const uint8_t text[] = "login: ";
    g_autoptr(GError) error = NULL;
    Frame frame;

    assert_int_equal(frame_decode(text, 1, &frame, NULL), 0);
    assert_int_equal(frame_decode(text, 2, &frame, &error), -1);
    assert_non_null(strstr(error->message, "lost its place"));
}

static void
passes_on_a_kind_of_a_later_version(void **state)
{
    const uint8_t later[] = { 0x69, 0x6f, 0x10, 0x27, 0, 0, 0, 0 };
    Frame frame;

    assert_int_equal(frame_decode(later, sizeof later, &frame, NULL), 8);
    assert_int_equal(frame.kind, 10000);
    assert_string_equal(frame_kind_name(frame.kind), "unknown");
    assert_string_equal(frame_kind_name(FRAME_HELLO_ASK), "HELLO_ASK");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_what_it_encoded),
        cmocka_unit_test(writes_the_documented_bytes),
        cmocka_unit_test(waits_for_every_missing_byte),
        cmocka_unit_test(takes_one_frame_of_two),
        cmocka_unit_test(carries_a_body_of_exactly_the_limit),
        cmocka_unit_test(refuses_a_frame_over_the_limit),
        cmocka_unit_test(notices_a_lost_place_at_the_second_byte),
        cmocka_unit_test(passes_on_a_kind_of_a_later_version),
    };

    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
