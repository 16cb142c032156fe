/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/link/guest_link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"
#include "common/base/text.h"
#include "common/wire/channel.h"

#define SEND_TIMEOUT_MS 5000
#define HELLO_EVERY_MS 1000
/* Answers that nobody asked for, or of kinds that nobody knows, in one wait; more is a flood. */
#define MAX_STRAY_MESSAGES 4096

struct GuestLink {
    char *name;
    Channel *channel;
    Message scratch; /* 20 KiB: not for the stack of every caller */
};

static int
connect_socket(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int kept;

    if (strlen(path) >= sizeof address.sun_path) {
        failure_set(error, FAILURE_FAILED, "%s: longer than a socket path may be", path);
        return -1;
    }
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    /* QEMU takes one host at a time; where others wait already, connect(2) would, too, for ever. */
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0) {
        failure_set_errno(error, errno, "connecting to %s%s", path,
                          errno == EAGAIN ? " (another program is connected to it)" : "");
        return -1;
    }

    kept = fd;
    fd = -1;
    return kept;
}

GuestLink *
guest_link_open(const char *name, const char *socket_path, GError **error)
{
    int fd = connect_socket(socket_path, error);

    if (fd < 0) {
        g_prefix_error(error, "guest %s: ", name);
        return NULL;
    }
    return guest_link_new(name, fd);
}

GuestLink *
guest_link_new(const char *name, int fd)
{
    GuestLink *link = g_new0(GuestLink, 1);

    link->name = g_strdup(name);
    link->channel = channel_new(fd);
    return link;
}

void
guest_link_free(GuestLink *link)
{
    if (!link)
        return;

    channel_free(link->channel);
    g_free(link->name);
    g_free(link);
}

const char *
guest_link_name(const GuestLink *link)
{
    return link->name;
}

bool
guest_link_send(GuestLink *link, const Message *request, GError **error)
{
    if (channel_send(link->channel, request, SEND_TIMEOUT_MS, error))
        return true;

    g_prefix_error(error, "guest %s: ", link->name);
    return false;
}

static bool
problem_to_error(const GuestLink *link, const ProblemMessage *problem, GError **error)
{
    g_autofree char *text = text_printable(problem->text, sizeof problem->text);

    return failure_set(error, FAILURE_FAILED, "guest %s: %s: %s", link->name,
                       frame_kind_name(problem->about), text);
}

/* 1: readable; 0: the deadline passed; -1: interrupted (error set). */
static int
wait_readable(GuestLink *link, int64_t deadline_ns, const Interrupt *interrupt, GError **error)
{
    struct pollfd fds[] = {
        { .fd = channel_fd(link->channel), .events = POLLIN },
        { .fd = interrupt_fd(interrupt), .events = POLLIN },
    };
    int64_t left_ns = deadline_ns - clock_raw_ns();

    if (!interrupt_check(interrupt, error))
        return -1;
    if (left_ns <= 0)
        return 0;

    poll(fds, G_N_ELEMENTS(fds), (int) MIN(left_ns / NS_PER_MS + 1, 1000));
    return 1;
}

static bool
is_among(uint16_t kind, const FrameKind *kinds, size_t n_kinds)
{
    for (size_t i = 0; i < n_kinds; i++)
        if (kind == kinds[i])
            return true;
    return false;
}

static bool
await(GuestLink *link, const FrameKind *kinds, size_t n_kinds, int timeout_ms,
      const Interrupt *interrupt, Message *ret_message, Stamp *ret_read_at, GError **error)
{
    int64_t deadline_ns = clock_raw_ns() + timeout_ms * NS_PER_MS;
    uint64_t skipped = channel_skipped(link->channel);

    for (uint64_t strays = 0;
         strays + channel_skipped(link->channel) - skipped < MAX_STRAY_MESSAGES;) {
        int ready, got = channel_receive(link->channel, &link->scratch, ret_read_at, error);

        if (got < 0) {
            g_prefix_error(error, "guest %s: ", link->name);
            return false;
        }
        if (got > 0) {
            if (is_among(link->scratch.kind, kinds, n_kinds)) {
                *ret_message = link->scratch;
                return true;
            }
            if (link->scratch.kind == FRAME_PROBLEM)
                return problem_to_error(link, &link->scratch.problem, error);
            strays++;
            continue;
        }
        ready = wait_readable(link, deadline_ns, interrupt, error);
        if (ready < 0)
            return false;
        if (ready == 0)
            return failure_set(error, FAILURE_FAILED,
                               "guest %s: no %s from its probe within %.1f s", link->name,
                               frame_kind_name(kinds[0]), timeout_ms / 1e3);
    }
    return failure_set(error, FAILURE_FAILED, "guest %s: its probe sends what nobody asked for",
                       link->name);
}

bool
guest_link_await(GuestLink *link, FrameKind kind, int timeout_ms, const Interrupt *interrupt,
                 Message *ret_message, Stamp *ret_read_at, GError **error)
{
    return await(link, &kind, 1, timeout_ms, interrupt, ret_message, ret_read_at, error);
}

bool
guest_link_await_any(GuestLink *link, const FrameKind *kinds, size_t n_kinds, int timeout_ms,
                     const Interrupt *interrupt, Message *ret_message, GError **error)
{
    return await(link, kinds, n_kinds, timeout_ms, interrupt, ret_message, NULL, error);
}

bool
guest_link_ask(GuestLink *link, const Message *request, FrameKind kind, int timeout_ms,
               const Interrupt *interrupt, Message *ret_reply, GError **error)
{
    return guest_link_send(link, request, error) &&
           guest_link_await(link, kind, timeout_ms, interrupt, ret_reply, NULL, error);
}

bool
guest_link_hello(GuestLink *link, int timeout_ms, const Interrupt *interrupt,
                 HelloMessage *ret_hello, GError **error)
{
    const Message ask = { .kind = FRAME_HELLO_ASK };
    int64_t deadline_ns = clock_raw_ns() + timeout_ms * NS_PER_MS;
    g_autofree Message *reply = g_new0(Message, 1);

    for (;;) {
        g_autoptr(GError) late = NULL;
        int64_t left_ms = (deadline_ns - clock_raw_ns()) / NS_PER_MS;

        if (left_ms <= 0)
            return failure_set(error, FAILURE_FAILED, "guest %s: its probe does not talk (%.0f s)",
                               link->name, timeout_ms / 1e3);
        if (!guest_link_send(link, &ask, error))
            return false;
        if (guest_link_await(link, FRAME_HELLO, (int) MIN(left_ms, HELLO_EVERY_MS), interrupt,
                             reply, NULL, &late))
            break;
        if (!interrupt_check(interrupt, error))
            return false;
        /* A hang-up while the guest boots is possible; a flood or a wrong stream ends at the
         * deadline. */
        if (!interrupt_sleep(interrupt, 50 * NS_PER_MS, error))
            return false;
    }

    if (reply->hello.version != WIRE_VERSION)
        return failure_set(error, FAILURE_FAILED,
                           "guest %s: its probe speaks wire version %u, hostctl %d (rebuild the "
                           "guest image)",
                           link->name, reply->hello.version, WIRE_VERSION);
    *ret_hello = reply->hello;
    return true;
}
