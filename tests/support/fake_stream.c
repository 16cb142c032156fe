/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/fake_stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hostctl/virt/glue.h"
#include "hostctl/virt/guest.h"
#include "tests/support/cmocka_all.h"

#define PATIENCE_MS 20000

struct _virStream {
    gint references; /* the owner's, and the event loop's */
    int fd;
    int watch;
    virStreamEventCallback callback;
    void *opaque;
    virFreeCallback release;
};

int fake_stream_guest_fd;
bool fake_stream_refuses;
static gint streams_now; /* not freed yet */
/* ThreadSanitizer does not see that libvirt's event loop, which is GLib's, orders threads. */
static GMutex registration;

static void
fake_unref(virStreamPtr stream)
{
    if (!g_atomic_int_dec_and_test(&stream->references))
        return;
    g_free(stream);
    g_atomic_int_add(&streams_now, -1);
}

virConnectPtr
virDomainGetConnect(virDomainPtr domain)
{
    return NULL;
}

virStreamPtr
virStreamNew(virConnectPtr connection, unsigned int flags)
{
    virStreamPtr stream = g_new0(struct _virStream, 1);

    assert_int_equal(flags, VIR_STREAM_NONBLOCK);
    g_atomic_int_set(&stream->references, 1);
    g_atomic_int_inc(&streams_now);
    stream->fd = -1;
    return stream;
}

static int
connect_guest(virStreamPtr stream)
{
    int pair[2];

    if (fake_stream_refuses)
        return -1;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    stream->fd = pair[0];
    fake_stream_guest_fd = pair[1];
    return 0;
}

int
virDomainOpenChannel(virDomainPtr domain, const char *name, virStreamPtr stream, unsigned int flags)
{
    assert_string_equal(name, GUEST_CHANNEL_NAME);
    return connect_guest(stream);
}

int
virDomainOpenConsole(virDomainPtr domain, const char *name, virStreamPtr stream, unsigned int flags)
{
    assert_null(name);
    return connect_guest(stream);
}

int
virStreamRecv(virStreamPtr stream, char *data, size_t bytes)
{
    ssize_t n = recv(stream->fd, data, bytes, MSG_DONTWAIT);

    return n < 0 && errno == EAGAIN ? -2 : (int) n;
}

int
virStreamSend(virStreamPtr stream, const char *data, size_t bytes)
{
    ssize_t n = send(stream->fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);

    return n < 0 && errno == EAGAIN ? -2 : (int) n;
}

/* Events of streams and of descriptors are the same bits. */
static void
relay(int watch, int fd, int events, void *data)
{
    virStreamPtr stream = data;
    virStreamEventCallback callback;
    void *opaque;

    g_mutex_lock(&registration);
    callback = stream->callback;
    opaque = stream->opaque;
    g_mutex_unlock(&registration);
    callback(stream, events, opaque);
}

static void
relay_over(void *data)
{
    virStreamPtr stream = data;

    g_mutex_lock(&registration);
    g_mutex_unlock(&registration);
    stream->release(stream->opaque);
    fake_unref(stream);
}

int
virStreamEventAddCallback(virStreamPtr stream, int events, virStreamEventCallback callback,
                          void *opaque, virFreeCallback release)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registration);

    stream->callback = callback;
    stream->opaque = opaque;
    stream->release = release;
    g_atomic_int_inc(&stream->references);
    stream->watch = virEventAddHandle(stream->fd, events, relay, stream, relay_over);
    return stream->watch < 0 ? -1 : 0;
}

int
virStreamEventUpdateCallback(virStreamPtr stream, int events)
{
    virEventUpdateHandle(stream->watch, events);
    return 0;
}

int
virStreamEventRemoveCallback(virStreamPtr stream)
{
    return virEventRemoveHandle(stream->watch);
}

int
virStreamAbort(virStreamPtr stream)
{
    return close(stream->fd);
}

int
virStreamFree(virStreamPtr stream)
{
    fake_unref(stream);
    return 0;
}

void
fake_stream_assert_all_freed(void)
{
    for (int i = 0; i < PATIENCE_MS && g_atomic_int_get(&streams_now) > 0; i++)
        g_usleep(1000);
    assert_int_equal(g_atomic_int_get(&streams_now), 0);
}
