/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/virt/guest_stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/failure.h"
#include "hostctl/virt/guest_private.h"

#define CHUNK_BYTES 4096

struct GuestStream {
    gint references; /* ours, and one for each of the event loop's two callbacks */
    GMutex lock;     /* guards what follows: the event loop runs in another thread */
    virStream *stream;
    int fd;             /* our end of the pair; -1: over */
    int watch;          /* of it */
    GByteArray *unread; /* from the guest, for which the pair had no room yet */
    size_t begin, end;  /* of what is still to be sent to the guest */
    char to_guest[CHUNK_BYTES];
};

static void
stream_unref(void *data)
{
    GuestStream *carried = data;

    if (!g_atomic_int_dec_and_test(&carried->references))
        return;
    g_mutex_clear(&carried->lock);
    g_byte_array_unref(carried->unread);
    g_free(carried);
}

/* The descriptor first: whoever reads it need not wait for libvirt's answer. */
static void
hang_up(GuestStream *carried)
{
    virEventRemoveHandle(carried->watch);
    close(carried->fd);
    carried->fd = -1;
    virStreamEventRemoveCallback(carried->stream);
    virStreamAbort(carried->stream);
    g_clear_pointer(&carried->stream, virStreamFree);
}

/* False: nobody reads any more. */
static bool
deliver(GuestStream *carried)
{
    GByteArray *unread = carried->unread;
    ssize_t n;

    if (unread->len == 0)
        return true;
    n = send(carried->fd, unread->data, unread->len, MSG_NOSIGNAL);
    if (n > 0)
        g_byte_array_remove_range(unread, 0, (guint) n);
    return n >= 0 || errno == EAGAIN || errno == EINTR;
}

/*
 * Always taken, since libvirt would keep without a bound what we leave. False: it has ended, or
 * nobody reads.
 */
static bool
take_from_guest(GuestStream *carried)
{
    char bytes[CHUNK_BYTES];
    int n = virStreamRecv(carried->stream, bytes, sizeof bytes);

    if (n == -2)
        return true;
    if (n <= 0 || carried->unread->len + (guint) n > GUEST_STREAM_UNREAD_MAX_BYTES)
        return false;
    g_byte_array_append(carried->unread, (const guint8 *) bytes, (guint) n);
    return deliver(carried);
}

/* False: the guest takes nothing any more. */
static bool
send_to_guest(GuestStream *carried)
{
    int n;

    if (carried->begin == carried->end)
        return true;
    n = virStreamSend(carried->stream, carried->to_guest + carried->begin,
                      carried->end - carried->begin);
    if (n > 0)
        carried->begin += (size_t) n;
    return n >= 0 || n == -2;
}

/* False: the other end of the pair was closed. */
static bool
take_from_reader(GuestStream *carried)
{
    ssize_t n = read(carried->fd, carried->to_guest, sizeof carried->to_guest);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    carried->begin = 0;
    carried->end = (size_t) n;
    return n > 0 && send_to_guest(carried);
}

/* What is worth waking up for: a side that can always be written to would never let us sleep. */
static void
choose_events(GuestStream *carried)
{
    bool sending = carried->begin < carried->end;

    virStreamEventUpdateCallback(carried->stream, VIR_STREAM_EVENT_READABLE |
                                                      (sending ? VIR_STREAM_EVENT_WRITABLE : 0));
    virEventUpdateHandle(carried->watch,
                         (sending ? 0 : VIR_EVENT_HANDLE_READABLE) |
                             (carried->unread->len > 0 ? VIR_EVENT_HANDLE_WRITABLE : 0));
}

static void
on_stream(virStream *stream, int events, void *data)
{
    GuestStream *carried = data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&carried->lock);
    bool goes_on;

    if (carried->fd < 0)
        return;
    /* What came before the end is still to be read. */
    goes_on = events & VIR_STREAM_EVENT_READABLE
                  ? take_from_guest(carried)
                  : !(events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP));
    if (goes_on && send_to_guest(carried))
        choose_events(carried);
    else
        hang_up(carried);
}

static void
on_reader(int watch, int fd, int events, void *data)
{
    GuestStream *carried = data;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&carried->lock);
    bool goes_on = true;

    if (carried->fd < 0)
        return;
    if (carried->begin == carried->end)
        goes_on = take_from_reader(carried);
    else if (events & (VIR_EVENT_HANDLE_ERROR | VIR_EVENT_HANDLE_HANGUP))
        goes_on = false;
    if (goes_on && deliver(carried))
        choose_events(carried);
    else
        hang_up(carried);
}

/* Before either callback is known to the event loop, the other must be known to us. */
static bool
start(GuestStream *carried)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&carried->lock);

    g_atomic_int_inc(&carried->references);
    carried->watch =
        virEventAddHandle(carried->fd, VIR_EVENT_HANDLE_READABLE, on_reader, carried, stream_unref);
    if (carried->watch < 0) {
        g_atomic_int_add(&carried->references, -1);
        return false;
    }
    g_atomic_int_inc(&carried->references);
    if (virStreamEventAddCallback(carried->stream, VIR_STREAM_EVENT_READABLE, on_stream, carried,
                                  stream_unref) < 0) {
        g_atomic_int_add(&carried->references, -1);
        virEventRemoveHandle(carried->watch);
        carried->fd = -1; /* for a callback that waits for the lock already */
        return false;
    }
    return true;
}

static int
open_end(const Guest *guest, GuestStreamKind kind, virStream *stream)
{
    return kind == GUEST_STREAM_PROBE
               ? virDomainOpenChannel(guest->domain, GUEST_CHANNEL_NAME, stream, 0)
               : virDomainOpenConsole(guest->domain, NULL, stream, 0);
}

static GuestStream *
stream_new(virStream *stream, int fd)
{
    GuestStream *carried = g_new0(GuestStream, 1);

    g_atomic_int_set(&carried->references, 1);
    g_mutex_init(&carried->lock);
    carried->stream = stream;
    carried->fd = fd;
    carried->unread = g_byte_array_new();
    return carried;
}

GuestStream *
guest_stream_open(const Guest *guest, GuestStreamKind kind, int *ret_fd, GError **error)
{
    static const char *const whats[] = {
        [GUEST_STREAM_PROBE] = "channel " GUEST_CHANNEL_NAME, [GUEST_STREAM_CONSOLE] = "console"
    };
    virStream *stream = virStreamNew(virDomainGetConnect(guest->domain), VIR_STREAM_NONBLOCK);
    GuestStream *carried;
    int pair[2];

    if (!stream || open_end(guest, kind, stream) < 0) {
        virt_failure(error, "guest %s: its %s", guest->name, whats[kind]);
        g_clear_pointer(&stream, virStreamFree);
        return NULL;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0) {
        failure_set_errno(error, errno, "guest %s: a pair of sockets", guest->name);
        virStreamAbort(stream);
        virStreamFree(stream);
        return NULL;
    }

    carried = stream_new(stream, pair[0]);
    if (!start(carried)) {
        virt_failure(error, "guest %s: its %s", guest->name, whats[kind]);
        close(pair[0]);
        close(pair[1]);
        virStreamAbort(stream);
        virStreamFree(stream);
        stream_unref(carried);
        return NULL;
    }
    *ret_fd = pair[1];
    return carried;
}

void
guest_stream_free(GuestStream *carried)
{
    if (!carried)
        return;

    g_mutex_lock(&carried->lock);
    if (carried->fd >= 0)
        hang_up(carried);
    g_mutex_unlock(&carried->lock);
    stream_unref(carried);
}
