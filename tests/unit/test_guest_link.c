/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "common/wire/channel.h"
#include "hostctl/link/time_sync.h"
#include "tests/support/cmocka_all.h"

/* How the guest's end behaves. */
typedef enum {
    HONEST,
    OTHER_VERSION,
    SILENT,
    FLOOD,
    FLOOD_UNKNOWN,
    COMPLAINS,
    HANGS_UP,
    LATE_ECHO
} Manner;

typedef struct {
    char *dir, *path;
    int listener;
    Manner manner;
    pthread_t thread;
} FakeGuest;

/* Frames of a kind that nobody knows, until the host hangs up. */
static void
flood_unknown(int fd)
{
    const uint8_t later[] = { 0x69, 0x6f, 99, 0, 2, 0, 0, 0, 'h', 'i' };
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    for (int i = 0; i < 1000; i++)
        g_byte_array_append(bytes, later, sizeof later);
    /* The channel has made it non-blocking; what is sent in part goes on where it ended. */
    for (size_t at = 0;;) {
        ssize_t n = send(fd, bytes->data + at, bytes->len - at, MSG_NOSIGNAL);

        if (n < 0 && errno != EAGAIN)
            return;
        if (n < 0)
            usleep(500);
        else
            at = (at + (size_t) n) % bytes->len;
    }
}

static void
answer(FakeGuest *guest, Channel *channel, const Message *request)
{
    g_autofree Message *reply = g_new0(Message, 1);

    if (guest->manner == FLOOD_UNKNOWN) {
        flood_unknown(channel_fd(channel));
        return;
    }
    switch (request->kind) {
    case FRAME_HELLO_ASK:
        reply->kind = FRAME_HELLO;
        reply->hello.version = guest->manner == OTHER_VERSION ? WIRE_VERSION + 1 : WIRE_VERSION;
        reply->hello.n_vcpus = 1;
        strcpy(reply->hello.facts, "{}");
        break;
    case FRAME_PING:
        reply->kind = FRAME_PONG;
        reply->pong.sequence = request->ping.sequence;
        reply->pong.t1_ns = request->ping.t1_ns;
        reply->pong.t2_ns = clock_raw_ns() + NS_PER_SECOND;
        reply->pong.t3_ns = reply->pong.t2_ns;
        if (guest->manner == LATE_ECHO) {
            Message late = *reply;

            late.pong.sequence += 1000;
            channel_send(channel, &late, 1000, NULL);
        }
        break;
    default:
        reply->kind = FRAME_UNLOADED;
    }
    if (guest->manner == COMPLAINS) {
        reply->kind = FRAME_PROBLEM;
        reply->problem.about = FRAME_UNLOAD;
        strcpy(reply->problem.text, "no\033[31m way");
    }
    do {
        if (guest->manner == FLOOD)
            reply->kind = FRAME_LOADED;
    } while (channel_send(channel, reply, 1000, NULL) && guest->manner == FLOOD);
}

static void *
live(void *data)
{
    FakeGuest *guest = data;
    g_autofree Message *request = g_new0(Message, 1);
    int fd = accept(guest->listener, NULL, NULL);
    g_autoptr(Channel) channel = channel_new(fd);

    if (guest->manner == HANGS_UP)
        return NULL;
    for (;;) {
        int got = channel_receive(channel, request, NULL, NULL);

        if (got < 0)
            return NULL;
        if (got == 0)
            usleep(500);
        else if (guest->manner != SILENT)
            answer(guest, channel, request);
    }
}

static FakeGuest *
fake_guest_new(Manner manner)
{
    FakeGuest *guest = g_new0(FakeGuest, 1);
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    guest->manner = manner;
    guest->dir = g_dir_make_tmp("link-XXXXXX", NULL);
    guest->path = g_build_filename(guest->dir, "probe", NULL);
    strcpy(address.sun_path, guest->path);
    guest->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(guest->listener, (struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal(listen(guest->listener, 1), 0);
    assert_int_equal(pthread_create(&guest->thread, NULL, live, guest), 0);
    return guest;
}

static void
fake_guest_free(FakeGuest *guest)
{
    pthread_join(guest->thread, NULL);
    close(guest->listener);
    unlink(guest->path);
    rmdir(guest->dir);
    g_free(guest->path);
    g_free(guest->dir);
    g_free(guest);
}

static GuestLink *
link_to(FakeGuest *guest)
{
    g_autoptr(GError) error = NULL;
    GuestLink *link = guest_link_open("g1", guest->path, &error);

    if (!link)
        fail_msg("%s", error->message);
    return link;
}

static void
meets_a_probe_and_asks_it(void **state)
{
    FakeGuest *guest = fake_guest_new(HONEST);
    GuestLink *link = link_to(guest);
    const Message unload = { .kind = FRAME_UNLOAD };
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);
    g_autofree Message *reply = g_new0(Message, 1);

    assert_true(guest_link_hello(link, 5000, NULL, hello, NULL));
    assert_int_equal(hello->n_vcpus, 1);
    assert_true(guest_link_ask(link, &unload, FRAME_UNLOADED, 5000, NULL, reply, NULL));
    guest_link_free(link);
    fake_guest_free(guest);
}

static void
assert_hello_fails(Manner manner, int timeout_ms, const char *message)
{
    FakeGuest *guest = fake_guest_new(manner);
    GuestLink *link = link_to(guest);
    g_autofree HelloMessage *hello = g_new0(HelloMessage, 1);
    g_autoptr(GError) error = NULL;

    assert_false(guest_link_hello(link, timeout_ms, NULL, hello, &error));
    if (!strstr(error->message, message))
        fail_msg("“%s” does not contain “%s”", error->message, message);
    guest_link_free(link);
    fake_guest_free(guest);
}

static void
refuses_a_probe_of_another_version(void **state)
{
    assert_hello_fails(OTHER_VERSION, 5000, "guest g1: its probe speaks wire version 2");
}

static void
gives_up_on_a_guest_that_never_talks(void **state)
{
    assert_hello_fails(SILENT, 300, "guest g1: its probe does not talk");
}

static void
gives_up_on_a_guest_that_hangs_up(void **state)
{
    assert_hello_fails(HANGS_UP, 300, "guest g1: ");
}

/* Long before its time is over: a wait for it costs the other guests. */
static void
assert_flood_ends(Manner manner)
{
    FakeGuest *guest = fake_guest_new(manner);
    GuestLink *link = link_to(guest);
    const Message unload = { .kind = FRAME_UNLOAD };
    g_autofree Message *reply = g_new0(Message, 1);
    g_autoptr(GError) error = NULL;

    assert_false(guest_link_ask(link, &unload, FRAME_UNLOADED, 60000, NULL, reply, &error));
    assert_non_null(strstr(error->message, "sends what nobody asked for"));
    guest_link_free(link);
    fake_guest_free(guest);
}

static void
ends_a_flood(void **state)
{
    assert_flood_ends(FLOOD);
}

static void
ends_a_flood_of_frames_that_nobody_knows(void **state)
{
    assert_flood_ends(FLOOD_UNKNOWN);
}

static void
tells_a_guests_complaint_without_its_control_characters(void **state)
{
    FakeGuest *guest = fake_guest_new(COMPLAINS);
    GuestLink *link = link_to(guest);
    const Message unload = { .kind = FRAME_UNLOAD };
    g_autofree Message *reply = g_new0(Message, 1);
    g_autoptr(GError) error = NULL;

    assert_false(guest_link_ask(link, &unload, FRAME_UNLOADED, 5000, NULL, reply, &error));
    assert_string_equal(error->message, "guest g1: UNLOAD: no\\x1b[31m way");
    guest_link_free(link);
    fake_guest_free(guest);
}

static void
a_signal_ends_a_wait(void **state)
{
    FakeGuest *guest = fake_guest_new(SILENT);
    GuestLink *link = link_to(guest);
    g_autoptr(Interrupt) interrupt = interrupt_new_manual(NULL);
    g_autofree Message *reply = g_new0(Message, 1);
    g_autoptr(GError) error = NULL;

    interrupt_raise(interrupt, SIGTERM);
    assert_false(guest_link_await(link, FRAME_HELLO, 60000, interrupt, reply, NULL, &error));
    assert_true(g_error_matches(error, FAILURE, FAILURE_INTERRUPTED));
    guest_link_free(link);
    fake_guest_free(guest);
}

static void
assert_burst(Manner manner, guint want)
{
    FakeGuest *guest = fake_guest_new(manner);
    GuestLink *link = link_to(guest);
    g_autoptr(GArray) pings = g_array_new(FALSE, FALSE, sizeof(TimeSyncPing));

    assert_true(time_sync_burst(link, 5, 5000, NULL, pings, NULL));
    assert_int_equal(pings->len, want);
    for (guint i = 0; i < pings->len; i++) {
        const TimeSyncPing *ping = &g_array_index(pings, TimeSyncPing, i);

        assert_true(ping->t4_ns >= ping->t1_ns);
        assert_true(ping->t2_ns - NS_PER_SECOND >= ping->t1_ns);
        assert_true(ping->t2_ns - NS_PER_SECOND <= ping->t4_ns);
    }
    for (guint i = 1; i < pings->len; i++)
        assert_true(g_array_index(pings, TimeSyncPing, i).t1_ns -
                        g_array_index(pings, TimeSyncPing, i - 1).t1_ns >=
                    TIME_SYNC_GAP_NS);
    guest_link_free(link);
    fake_guest_free(guest);
}

static void
takes_a_burst_of_echoes(void **state)
{
    assert_burst(HONEST, 5);
}

static void
skips_echoes_that_belong_to_another_ping(void **state)
{
    assert_burst(LATE_ECHO, 5);
}

static void
a_burst_without_one_echo_is_an_error(void **state)
{
    FakeGuest *guest = fake_guest_new(SILENT);
    GuestLink *link = link_to(guest);
    g_autoptr(GArray) pings = g_array_new(FALSE, FALSE, sizeof(TimeSyncPing));
    g_autoptr(GError) error = NULL;

    assert_false(time_sync_burst(link, 5, 100, NULL, pings, &error));
    assert_non_null(strstr(error->message, "no clock echo came back"));
    guest_link_free(link);
    fake_guest_free(guest);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_a_probe_and_asks_it),
        cmocka_unit_test(refuses_a_probe_of_another_version),
        cmocka_unit_test(gives_up_on_a_guest_that_never_talks),
        cmocka_unit_test(gives_up_on_a_guest_that_hangs_up),
        cmocka_unit_test(ends_a_flood),
        cmocka_unit_test(ends_a_flood_of_frames_that_nobody_knows),
        cmocka_unit_test(tells_a_guests_complaint_without_its_control_characters),
        cmocka_unit_test(a_signal_ends_a_wait),
        cmocka_unit_test(takes_a_burst_of_echoes),
        cmocka_unit_test(skips_echoes_that_belong_to_another_ping),
        cmocka_unit_test(a_burst_without_one_echo_is_an_error),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
