/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/guest_stream.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/wire/message.h"
#include "hostctl/link/guest_link.h"
#include "hostctl/virt/event_loop.h"
#include "hostctl/virt/guest_private.h"
#include "tests/support/cmocka_all.h"
#include "tests/support/fake_stream.h"

#define PATIENCE_MS 20000
#define PIECE_BYTES 4096
/* What the kernel keeps of a pair of sockets, generously. */
#define SOCKETS_BYTES (2u << 20)

static GuestStream *
open_stream(GuestStreamKind kind, int *ret_fd)
{
    Guest guest = { .name = (char *) "g1" };
    g_autoptr(GError) error = NULL;
    GuestStream *stream = guest_stream_open(&guest, kind, ret_fd, &error);

    if (!stream)
        fail_msg("%s", error->message);
    return stream;
}

/* 0: ended; -1: nothing came in time. */
static ssize_t
read_some(int fd, char *bytes, size_t size)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    return poll(&wait, 1, PATIENCE_MS) == 1 ? read(fd, bytes, size) : -1;
}

static GByteArray *
hello_frame(void)
{
    g_autofree Message *hello = g_new0(Message, 1);
    GByteArray *bytes = g_byte_array_new();

    hello->kind = FRAME_HELLO;
    hello->hello.version = WIRE_VERSION;
    hello->hello.n_vcpus = 3;
    g_strlcpy(hello->hello.facts, "{}", sizeof hello->hello.facts);
    message_encode(bytes, hello);
    return bytes;
}

static void
carries_bytes_both_ways_and_tells_the_end(void **state)
{
    int fd = -1;
    GuestStream *stream = open_stream(GUEST_STREAM_CONSOLE, &fd);
    autofd int there = fake_stream_guest_fd;
    char bytes[16];

    assert_int_equal(write(fd, "question", 8), 8);
    assert_int_equal(read_some(there, bytes, sizeof bytes), 8);
    assert_memory_equal(bytes, "question", 8);
    assert_int_equal(write(there, "answer", 6), 6);
    assert_int_equal(shutdown(there, SHUT_RDWR), 0);
    assert_int_equal(read_some(fd, bytes, sizeof bytes), 6);
    assert_memory_equal(bytes, "answer", 6);
    assert_int_equal(read_some(fd, bytes, sizeof bytes), 0);
    close(fd);
    guest_stream_free(stream);
    fake_stream_assert_all_freed();
}

static void
hangs_up_on_the_guest_when_the_reader_does(void **state)
{
    int fd = -1;
    GuestStream *stream = open_stream(GUEST_STREAM_PROBE, &fd);
    autofd int there = fake_stream_guest_fd;
    char byte;

    close(fd);
    assert_int_equal(read_some(there, &byte, 1), 0);
    guest_stream_free(stream);
    fake_stream_assert_all_freed();
}

/* Half a frame is no answer and breaks nothing: the other half makes it whole. */
static void
a_probe_that_answers_by_halves_is_waited_for(void **state)
{
    int fd = -1;
    GuestStream *stream = open_stream(GUEST_STREAM_PROBE, &fd);
    GuestLink *link = guest_link_new("g1", fd);
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);
    g_autoptr(GByteArray) frame = hello_frame();
    g_autoptr(GError) error = NULL;
    autofd int there = fake_stream_guest_fd;
    guint half = frame->len / 2;

    assert_int_equal(write(there, frame->data, half), half);
    assert_false(guest_link_hello(link, 200, NULL, hello, &error));
    assert_non_null(strstr(error->message, "guest g1: its probe does not talk"));
    assert_int_equal(write(there, frame->data + half, frame->len - half), frame->len - half);
    assert_true(guest_link_hello(link, PATIENCE_MS, NULL, hello, NULL));
    assert_int_equal(hello->n_vcpus, 3);
    guest_link_free(link);
    guest_stream_free(stream);
    fake_stream_assert_all_freed();
}

static void
a_guest_that_sends_nothing_is_given_up(void **state)
{
    int fd = -1;
    GuestStream *stream = open_stream(GUEST_STREAM_PROBE, &fd);
    GuestLink *link = guest_link_new("g1", fd);
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);
    g_autoptr(GError) error = NULL;
    autofd int there = fake_stream_guest_fd;

    assert_false(guest_link_hello(link, 200, NULL, hello, &error));
    assert_non_null(strstr(error->message, "guest g1: its probe does not talk"));
    guest_link_free(link);
    guest_stream_free(stream);
    fake_stream_assert_all_freed();
}

/* Writes until the other side hangs up; what it took, or a failure when it takes without end. */
static size_t
flood(int fd)
{
    static const char piece[PIECE_BYTES];
    size_t sent = 0;

    while (sent < 4 * (size_t) GUEST_STREAM_UNREAD_MAX_BYTES + SOCKETS_BYTES) {
        ssize_t n = send(fd, piece, sizeof piece, MSG_NOSIGNAL);

        if (n < 0)
            return sent;
        sent += (size_t) n;
    }
    fail_msg("a flood is taken without end");
    return 0;
}

static void
hangs_up_on_a_guest_whose_flood_nobody_reads(void **state)
{
    int fd = -1;
    GuestStream *stream = open_stream(GUEST_STREAM_PROBE, &fd);
    autofd int there = fake_stream_guest_fd;
    autofd int here = fd;
    size_t sent = flood(there);
    size_t kept = 0;
    char bytes[PIECE_BYTES];
    ssize_t n;

    assert_true(sent > GUEST_STREAM_UNREAD_MAX_BYTES);
    assert_true(sent <= GUEST_STREAM_UNREAD_MAX_BYTES + SOCKETS_BYTES);
    while ((n = read_some(here, bytes, sizeof bytes)) > 0)
        kept += (size_t) n;
    assert_int_equal(n, 0);
    assert_true(kept <= SOCKETS_BYTES);
    guest_stream_free(stream);
    fake_stream_assert_all_freed();
}

/* Byte i of what is sent, so that order and loss show. */
static char
pattern(size_t i)
{
    return (char) (i % 251);
}

/* As much as is taken at once; the writer is told to wait instead of our memory growing. */
static size_t
fill(int fd)
{
    size_t sent = 0;
    char bytes[PIECE_BYTES];
    ssize_t n = 1;

    for (int quiet = 0; quiet < 20 && sent < 2 * SOCKETS_BYTES;) {
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = pattern(sent + i);
        n = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
        sent += n > 0 ? (size_t) n : 0;
        quiet = n > 0 ? 0 : quiet + 1;
        if (n <= 0)
            g_usleep(5000);
    }
    return sent;
}

static void
a_guest_that_reads_late_gets_all_in_order(void **state)
{
    int fd = -1;
    GuestStream *stream = open_stream(GUEST_STREAM_PROBE, &fd);
    autofd int there = fake_stream_guest_fd;
    autofd int here = fd;
    size_t sent = fill(here);
    size_t got = 0;
    char bytes[PIECE_BYTES];

    assert_true(sent > 0 && sent < 2 * SOCKETS_BYTES);
    while (got < sent) {
        ssize_t n = read_some(there, bytes, sizeof bytes);

        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++)
            assert_int_equal(bytes[i], pattern(got + (size_t) i));
        got += (size_t) n;
    }
    assert_int_equal(got, sent);
    guest_stream_free(stream);
    fake_stream_assert_all_freed();
}

/* The same the other way: what found no room in the pair comes when there is some. */
static void
a_reader_that_is_late_gets_all_in_order(void **state)
{
    int fd = -1;
    GuestStream *stream = open_stream(GUEST_STREAM_PROBE, &fd);
    autofd int there = fake_stream_guest_fd;
    autofd int here = fd;
    g_autofree char *all = g_malloc(SOCKETS_BYTES);
    size_t got = 0;

    for (size_t i = 0; i < SOCKETS_BYTES; i++)
        all[i] = pattern(i);
    assert_int_equal(write(there, all, SOCKETS_BYTES), SOCKETS_BYTES);
    while (got < SOCKETS_BYTES) {
        char bytes[PIECE_BYTES];
        ssize_t n = read_some(here, bytes, sizeof bytes);

        assert_true(n > 0);
        assert_memory_equal(bytes, all + got, (size_t) n);
        got += (size_t) n;
    }
    guest_stream_free(stream);
    fake_stream_assert_all_freed();
}

static void
a_guest_without_such_a_channel_is_named(void **state)
{
    Guest guest = { .name = (char *) "g1" };
    g_autoptr(GError) error = NULL;
    int fd = -1;

    fake_stream_refuses = true;
    assert_null(guest_stream_open(&guest, GUEST_STREAM_PROBE, &fd, &error));
    fake_stream_refuses = false;
    assert_non_null(strstr(error->message, "guest g1: its channel org.insideout.probe.0"));
    assert_int_equal(fd, -1);
    fake_stream_assert_all_freed();
}

static void
may_be_freed_while_bytes_flow(void **state)
{
    static const char piece[PIECE_BYTES];

    for (int i = 0; i < 200; i++) {
        int fd = -1;
        GuestStream *stream = open_stream(GUEST_STREAM_PROBE, &fd);
        autofd int there = fake_stream_guest_fd;
        autofd int here = fd;

        assert_int_equal(write(there, piece, sizeof piece), sizeof piece);
        assert_int_equal(write(here, piece, sizeof piece), sizeof piece);
        guest_stream_free(stream);
    }
    fake_stream_assert_all_freed();
}

static int
start_events(void **state)
{
    return event_loop_start(NULL) ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(carries_bytes_both_ways_and_tells_the_end),
        cmocka_unit_test(hangs_up_on_the_guest_when_the_reader_does),
        cmocka_unit_test(a_probe_that_answers_by_halves_is_waited_for),
        cmocka_unit_test(a_guest_that_sends_nothing_is_given_up),
        cmocka_unit_test(hangs_up_on_a_guest_whose_flood_nobody_reads),
        cmocka_unit_test(a_guest_that_reads_late_gets_all_in_order),
        cmocka_unit_test(a_reader_that_is_late_gets_all_in_order),
        cmocka_unit_test(a_guest_without_such_a_channel_is_named),
        cmocka_unit_test(may_be_freed_while_bytes_flow),
    };

    return cmocka_run_group_tests(tests, start_events, NULL);
}
