/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/channel.h"

#include <fcntl.h>
#include <pty.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "tests/support/cmocka_all.h"

typedef struct {
    Channel *near, *far;
} Pair;

static int
open_pair(void **state)
{
    Pair *pair = g_new0(Pair, 1);
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return -1;
    pair->near = channel_new(fds[0]);
    pair->far = channel_new(fds[1]);
    *state = pair;
    return 0;
}

static int
close_pair(void **state)
{
    Pair *pair = *state;

    channel_free(pair->near);
    channel_free(pair->far);
    g_free(pair);
    return 0;
}

static void
write_raw(Channel *channel, const void *bytes, size_t len)
{
    assert_int_equal(write(channel_fd(channel), bytes, len), len);
}

static void
carries_a_message_and_stamps_its_arrival(void **state)
{
    const Message ping = { .kind = FRAME_PING, .ping = { 5, 1234 } };
    Pair *pair = *state;
    Message got = { 0 };
    Stamp read_at = { 0 };
    int64_t before_ns = clock_raw_ns();

    assert_int_equal(channel_receive(pair->far, &got, &read_at, NULL), 0);
    assert_true(channel_send(pair->near, &ping, 1000, NULL));
    assert_int_equal(channel_receive(pair->far, &got, &read_at, NULL), 1);

    assert_int_equal(got.kind, FRAME_PING);
    assert_int_equal(got.ping.sequence, 5);
    assert_int_equal(got.ping.t1_ns, 1234);
    assert_in_range(read_at.raw_ns, before_ns, clock_raw_ns());
    assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 0);
}

static void
puts_a_message_together_byte_by_byte(void **state)
{
    const Message ping = { .kind = FRAME_PING, .ping = { 5, 1234 } };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Pair *pair = *state;
    Message got;

    message_encode(bytes, &ping);
    for (guint i = 0; i < bytes->len; i++) {
        assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 0);
        write_raw(pair->near, bytes->data + i, 1);
    }
    assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 1);
}

static void
takes_many_messages_from_one_read(void **state)
{
    const Message bye = { .kind = FRAME_BYE };
    Pair *pair = *state;
    Message got;

    for (int i = 0; i < 3; i++)
        assert_true(channel_send(pair->near, &bye, 1000, NULL));
    for (int i = 0; i < 3; i++)
        assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 1);
    assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 0);
}

static void
skips_a_kind_that_it_does_not_know(void **state)
{
    const uint8_t later[] = { 0x69, 0x6f, 99, 0, 2, 0, 0, 0, 'h', 'i' };
    const Message bye = { .kind = FRAME_BYE };
    Pair *pair = *state;
    Message got;

    write_raw(pair->near, later, sizeof later);
    assert_true(channel_send(pair->near, &bye, 1000, NULL));
    assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 1);
    assert_int_equal(got.kind, FRAME_BYE);
}

static void
goes_on_after_a_message_that_breaks_its_bounds(void **state)
{
    const uint8_t bad[] = { 0x69, 0x6f, FRAME_PING, 0, 1, 0, 0, 0, 0 };
    const Message bye = { .kind = FRAME_BYE };
    g_autoptr(GError) error = NULL;
    Pair *pair = *state;
    Message got;

    write_raw(pair->near, bad, sizeof bad);
    assert_true(channel_send(pair->near, &bye, 1000, NULL));
    assert_int_equal(channel_receive(pair->far, &got, NULL, &error), -1);
    assert_non_null(strstr(error->message, "PING.sequence"));
    assert_true(channel_is_open(pair->far));
    assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 1);
    assert_int_equal(got.kind, FRAME_BYE);
}

static void
ends_when_the_stream_has_lost_its_place(void **state)
{
    g_autoptr(GError) error = NULL;
    Pair *pair = *state;
    Message got;

    write_raw(pair->near, "login:", 6);
    assert_int_equal(channel_receive(pair->far, &got, NULL, &error), -1);
    assert_non_null(strstr(error->message, "lost its place"));
    assert_false(channel_is_open(pair->far));
    assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), -1);
}

static void
gives_what_came_before_the_end_and_then_the_end(void **state)
{
    const Message bye = { .kind = FRAME_BYE };
    g_autoptr(GError) error = NULL;
    Pair *pair = *state;
    Message got;

    assert_true(channel_send(pair->near, &bye, 1000, NULL));
    channel_free(g_steal_pointer(&pair->near));
    assert_int_equal(channel_receive(pair->far, &got, NULL, NULL), 1);
    assert_int_equal(channel_receive(pair->far, &got, NULL, &error), -1);
    assert_non_null(strstr(error->message, "closed"));
    assert_false(channel_is_open(pair->far));
    assert_false(channel_send(pair->far, &bye, 1000, NULL));
}

static void
does_not_wait_for_ever_for_a_reader(void **state)
{
    static Message hello = { .kind = FRAME_HELLO, .hello = { 1, 1, 1, "" } };
    g_autoptr(GError) error = NULL;
    Pair *pair = *state;

    memset(hello.hello.facts, 'x', WIRE_FACTS_MAX - 1);
    for (int i = 0; i < 1000 && !error; i++)
        channel_send(pair->near, &hello, 10, &error);
    assert_non_null(error);
    assert_non_null(strstr(error->message, "sending HELLO: the other side has not read"));
    assert_false(channel_is_open(pair->near));
}

static void
carries_every_byte_over_a_terminal(void **state)
{
    Message ping = { .kind = FRAME_PING };
    int near, far;

    assert_int_equal(openpty(&near, &far, NULL, NULL, NULL), 0);
    {
        g_autoptr(Channel) a = channel_new(near);
        g_autoptr(Channel) b = channel_new(far);

        /* All values of a byte: among them what a terminal would make of ^C, ^D and newlines. */
        for (uint32_t i = 0; i < 256; i++) {
            Message got;
            int result;

            ping.ping.sequence = i * 0x01010101u;
            assert_true(channel_send(a, &ping, 1000, NULL));
            while ((result = channel_receive(b, &got, NULL, NULL)) == 0)
                g_usleep(100);
            assert_int_equal(result, 1);
            assert_int_equal(got.ping.sequence, i * 0x01010101u);
        }
    }
}

#define with_a_pair(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        with_a_pair(carries_a_message_and_stamps_its_arrival),
        with_a_pair(puts_a_message_together_byte_by_byte),
        with_a_pair(takes_many_messages_from_one_read),
        with_a_pair(skips_a_kind_that_it_does_not_know),
        with_a_pair(goes_on_after_a_message_that_breaks_its_bounds),
        with_a_pair(ends_when_the_stream_has_lost_its_place),
        with_a_pair(gives_what_came_before_the_end_and_then_the_end),
        with_a_pair(does_not_wait_for_ever_for_a_reader),
        cmocka_unit_test(carries_every_byte_over_a_terminal),
    };

    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
