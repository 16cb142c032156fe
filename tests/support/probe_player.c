/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/probe_player.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/wire/channel.h"
#include "tests/support/cmocka_all.h"

#define FLOOD_BYTES 65536
#define PATIENCE_MS 60000

const char *const play_manner_names[] = {
    [PLAY_HONEST] = "honest",
    [PLAY_FLOOD] = "a flood of echoes",
    [PLAY_UNKNOWN] = "unknown frames",
    [PLAY_NOISE] = "binary noise",
    [PLAY_HALF_FRAME] = "half a frame",
    [PLAY_SLOW] = "a byte at a time",
    [PLAY_ABSURD_SIZE] = "a frame of 4 GiB",
    [PLAY_ABSURD_COUNT] = "65535 samples",
    [PLAY_LIES] = "an impossible error",
    [PLAY_HANGS_UP] = "hangs up",
    [PLAY_SAMPLE_FLOOD] = "samples without end",
    [PLAY_WRONG_SAMPLES] = "samples of others",
    [PLAY_WRONG_ECHOES] = "echoes of others",
};

/* False when the host has hung up. */
static bool
write_all(int fd, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;

    while (length > 0) {
        ssize_t n = send(fd, at, length, MSG_NOSIGNAL);
        struct pollfd room = { .fd = fd, .events = POLLOUT };

        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0) {
            poll(&room, 1, -1);
            continue;
        }
        at += n;
        length -= (size_t) n;
    }
    return true;
}

/* The same bytes again and again until the host hangs up. */
static void
repeat(int fd, const GByteArray *bytes)
{
    while (write_all(fd, bytes->data, bytes->len))
        ;
}

static void
flood(int fd, const Message *message)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    while (bytes->len < FLOOD_BYTES)
        message_encode(bytes, message);
    repeat(fd, bytes);
}

static void
flood_unknown(int fd)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    while (bytes->len < FLOOD_BYTES)
        frame_encode(bytes, (FrameKind) 4711, "???", 3);
    repeat(fd, bytes);
}

static void
make_noise(int fd)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autoptr(GRand) dice = g_rand_new_with_seed(7);

    for (int i = 0; i < FLOOD_BYTES; i++) {
        uint8_t byte = (uint8_t) g_rand_int(dice);
        g_byte_array_append(bytes, &byte, 1);
    }
    repeat(fd, bytes);
}

static void
trickle(int fd)
{
    const FrameHeader header = { FRAME_MAGIC, FRAME_LOADED, FRAME_MAX_BODY };

    if (!write_all(fd, &header, sizeof header))
        return;
    while (write_all(fd, "x", 1))
        g_usleep(10000);
}

/* What a hostile bulk guest says to the first LOAD; the floods begin with what was asked for. */
static void
attack(PlayManner manner, int fd)
{
    const Message loaded = { .kind = FRAME_LOADED, .loaded = { .pid = 1 } };
    const Message echo = { .kind = FRAME_PONG, .pong = { .sequence = 1 } };
    const FrameHeader half = { FRAME_MAGIC, FRAME_LOADED, 8 };
    const FrameHeader huge = { FRAME_MAGIC, FRAME_LOADED, UINT32_MAX };
    const FrameHeader many = { FRAME_MAGIC, FRAME_SAMPLES, 20 };
    const uint8_t count[20] = { 1, 0, 0, 0, 0xff, 0xff };
    const Message lie = { .kind = FRAME_LOADED, .loaded = { .error = WIRE_ERRNO_MAX } };
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    if (manner <= PLAY_NOISE) {
        message_encode(bytes, &loaded);
        write_all(fd, bytes->data, bytes->len);
    }
    switch (manner) {
    case PLAY_FLOOD:
        flood(fd, &echo);
        break;
    case PLAY_UNKNOWN:
        flood_unknown(fd);
        break;
    case PLAY_NOISE:
        make_noise(fd);
        break;
    case PLAY_SLOW:
        trickle(fd);
        break;
    case PLAY_HALF_FRAME:
        write_all(fd, &half, sizeof half - 3);
        break;
    case PLAY_ABSURD_SIZE:
        write_all(fd, &huge, sizeof huge);
        break;
    case PLAY_ABSURD_COUNT:
        write_all(fd, &many, sizeof many);
        write_all(fd, count, sizeof count);
        break;
    default:
        message_encode(bytes, &lie);
        write_all(fd, bytes->data, bytes->len);
    }
}

static void
send_samples(PlayManner manner, Channel *channel, const MeasureMessage *asked)
{
    g_autofree Message *samples = g_new0(Message, 1), *end = g_new0(Message, 1);
    int64_t ticks = asked->duration_ns / asked->interval_ns + 1, now_ns = clock_raw_ns();
    bool wrong = manner == PLAY_WRONG_SAMPLES;

    samples->kind = FRAME_SAMPLES;
    samples->samples.visit = asked->visit;
    for (int64_t i = 0; i < ticks || manner == PLAY_SAMPLE_FLOOD; i++) {
        WireSample *sample = &samples->samples.samples[0];

        samples->samples.n_samples = 1;
        samples->samples.visit = asked->visit + (wrong && i % 3 == 0);
        *sample = (WireSample){ .vcpu = wrong && i % 3 == 1 ? 900 : 0, .n_values = 2 };
        sample->stamp.raw_ns = now_ns + (wrong ? -i : i) * asked->interval_ns;
        sample->stamp.wall_ns = sample->stamp.raw_ns;
        sample->values[0] = (uint64_t) i * 1000;
        if (!channel_send(channel, samples, PATIENCE_MS, NULL))
            return;
    }
    end->kind = FRAME_MEASURED;
    end->measured.visit = asked->visit;
    end->measured.n_sent = (uint32_t) ticks;
    channel_send(channel, end, PATIENCE_MS, NULL);
}

static void
send_echo(PlayManner manner, Channel *channel, const PingMessage *ping)
{
    Message echo = { .kind = FRAME_PONG, .pong = { .sequence = ping->sequence } };

    echo.pong.t1_ns = ping->t1_ns;
    echo.pong.t2_ns = echo.pong.t3_ns = clock_raw_ns();
    echo.pong.guest_wall_ns = clock_wall_ns();
    if (manner == PLAY_WRONG_ECHOES) {
        echo.pong.sequence = UINT32_MAX;
        flood(channel_fd(channel), &echo);
    }
    channel_send(channel, &echo, PATIENCE_MS, NULL);
}

static void
answer(PlayManner manner, Channel *channel, const Message *request)
{
    g_autofree Message *reply = g_new0(Message, 1);
    bool attacks = manner > PLAY_HONEST && manner < PLAY_HANGS_UP;

    if (request->kind == FRAME_LOAD && attacks) {
        attack(manner, channel_fd(channel));
        return;
    }
    switch (request->kind) {
    case FRAME_MEASURE:
        g_usleep(request->measure.duration_ns / 1000);
        send_samples(manner, channel, &request->measure);
        return;
    case FRAME_PING:
        send_echo(manner, channel, &request->ping);
        return;
    case FRAME_HELLO_ASK:
        reply->kind = FRAME_HELLO;
        reply->hello.version = WIRE_VERSION;
        reply->hello.n_vcpus = 1;
        strcpy(reply->hello.facts, "{}");
        break;
    case FRAME_LOAD:
        reply->kind = FRAME_LOADED;
        reply->loaded.pid = 1;
        break;
    default:
        reply->kind = FRAME_UNLOADED;
    }
    channel_send(channel, reply, PATIENCE_MS, NULL);
}

static void
play(int listener, PlayManner manner)
{
    g_autofree Message *request = g_new0(Message, 1);
    g_autoptr(Channel) channel = channel_new(accept(listener, NULL, NULL));
    struct pollfd wait = { .fd = channel_fd(channel), .events = POLLIN };

    for (;;) {
        int got = channel_receive(channel, request, NULL, NULL);

        if (got < 0)
            return;
        if (got == 0)
            poll(&wait, 1, -1);
        else if (request->kind == FRAME_LOAD && manner == PLAY_HANGS_UP)
            return;
        else
            answer(manner, channel, request);
    }
}

ProbePlayer *
probe_player_start(const char *path, PlayManner manner)
{
    ProbePlayer *player = g_new0(ProbePlayer, 1);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    assert_int_equal(bind(listener, (struct sockaddr *) &address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    player->path = g_strdup(path);
    player->pid = fork();
    if (player->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        play(listener, manner);
        pause();
        _exit(0);
    }
    close(listener);
    return player;
}

void
probe_player_end(ProbePlayer *player)
{
    if (!player)
        return;

    kill(player->pid, SIGKILL);
    waitpid(player->pid, NULL, 0);
    unlink(player->path);
    g_free(player->path);
    g_free(player);
}
