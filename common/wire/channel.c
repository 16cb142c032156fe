/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wire/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "common/base/failure.h"

struct Channel {
    int fd;
    bool is_socket;
    bool open;         /* false: ended, or its place is lost */
    uint64_t skipped;  /* frames of unknown kinds */
    GByteArray *out;   /* kept between sends, so that sending allocates nothing in the long run */
    Stamp read_at;     /* when the newest bytes in the buffer came */
    size_t begin, end; /* the bytes not yet taken */
    uint8_t buffer[CHANNEL_MAX_BUFFER];
};

static void
make_transparent(int fd)
{
    struct termios settings;

    if (tcgetattr(fd, &settings) != 0)
        return; /* not a tty */
    cfmakeraw(&settings);
    tcsetattr(fd, TCSANOW, &settings);
}

Channel *
channel_new(int fd)
{
    Channel *channel = g_new0(Channel, 1);
    int type;

    channel->fd = fd;
    channel->open = true;
    channel->out = g_byte_array_sized_new(sizeof(FrameHeader) + FRAME_MAX_BODY);
    channel->is_socket =
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t){ sizeof type }) == 0;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    make_transparent(fd);
    return channel;
}

void
channel_free(Channel *channel)
{
    if (!channel)
        return;

    close(channel->fd);
    g_byte_array_unref(channel->out);
    g_free(channel);
}

int
channel_fd(const Channel *channel)
{
    return channel->fd;
}

bool
channel_is_open(const Channel *channel)
{
    return channel->open;
}

uint64_t
channel_skipped(const Channel *channel)
{
    return channel->skipped;
}

/* A socket whose peer is gone must give an error, not SIGPIPE. */
static ssize_t
write_some(const Channel *channel, const uint8_t *bytes, size_t len)
{
    return channel->is_socket ? send(channel->fd, bytes, len, MSG_NOSIGNAL)
                              : write(channel->fd, bytes, len);
}

static bool
write_all(const Channel *channel, int64_t deadline_ns, GError **error)
{
    size_t done = 0;

    while (done < channel->out->len) {
        ssize_t n = write_some(channel, channel->out->data + done, channel->out->len - done);
        struct pollfd room = { .fd = channel->fd, .events = POLLOUT };
        int64_t left_ns;

        if (n > 0) {
            done += (size_t) n;
            continue;
        }
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return failure_set_errno(error, errno, "writing");
        left_ns = deadline_ns - clock_raw_ns();
        if (left_ns <= 0)
            return failure_set(error, FAILURE_FAILED,
                               "the other side has not read in time (%zu of %u bytes written)",
                               done, channel->out->len);
        /* A port without a host says "hung up" at once: sleep instead of spinning. */
        if (poll(&room, 1, (int) MIN(left_ns / NS_PER_MS + 1, 1000)) > 0 &&
            !(room.revents & POLLOUT))
            g_usleep(1000);
    }
    return true;
}

bool
channel_send(Channel *channel, const Message *message, int timeout_ms, GError **error)
{
    int64_t deadline_ns = clock_raw_ns() + timeout_ms * NS_PER_MS;

    if (!channel->open)
        return failure_set(error, FAILURE_FAILED, "sending %s: the channel has ended",
                           frame_kind_name(message->kind));

    g_byte_array_set_size(channel->out, 0);
    message_encode(channel->out, message);
    if (!write_all(channel, deadline_ns, error)) {
        /* Perhaps half a frame is out: nothing sent after it could be understood. */
        channel->open = false;
        g_prefix_error(error, "sending %s: ", frame_kind_name(message->kind));
        return false;
    }
    return true;
}

/* 1: something was read; 0: nothing there; -1: ended. */
static int
fill(Channel *channel, GError **error)
{
    ssize_t n;

    memmove(channel->buffer, channel->buffer + channel->begin, channel->end - channel->begin);
    channel->end -= channel->begin;
    channel->begin = 0;

    n = read(channel->fd, channel->buffer + channel->end, sizeof channel->buffer - channel->end);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        channel->open = false;
        if (n < 0)
            failure_set_errno(error, errno, "reading");
        else
            failure_set(error, FAILURE_FAILED, "the other side has closed the channel");
        return -1;
    }
    channel->read_at = stamp_now();
    channel->end += (size_t) n;
    return 1;
}

/* 1: a message; 0: no whole frame; -1: broken. */
static int
take(Channel *channel, Message *ret_message, GError **error)
{
    for (;;) {
        g_autoptr(GError) bad = NULL;
        Frame frame;
        ssize_t taken = frame_decode(channel->buffer + channel->begin,
                                     channel->end - channel->begin, &frame, error);

        if (taken < 0)
            channel->open = false;
        if (taken <= 0)
            return (int) taken;

        channel->begin += (size_t) taken;
        if (message_decode(&frame, ret_message, &bad))
            return 1;
        if (!g_error_matches(bad, FAILURE, FAILURE_UNSUPPORTED)) {
            g_propagate_error(error, g_steal_pointer(&bad));
            return -1;
        }
        channel->skipped++;
    }
}

int
channel_receive(Channel *channel, Message *ret_message, Stamp *ret_read_at, GError **error)
{
    int result;

    if (!channel->open) {
        failure_set(error, FAILURE_FAILED, "the channel has ended");
        return -1;
    }

    result = take(channel, ret_message, error);
    if (result == 0) {
        result = fill(channel, error);
        if (result > 0)
            result = take(channel, ret_message, error);
    }
    if (result > 0 && ret_read_at)
        *ret_read_at = channel->read_at;
    return result;
}
