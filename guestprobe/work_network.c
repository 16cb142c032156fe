/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/work_network.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"

static void
switch_loopback_on(void)
{
    autofd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = { .ifr_name = "lo" };

    /* What cannot be done here shows when the connection is made. */
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0 || request.ifr_flags & IFF_UP)
        return;
    request.ifr_flags |= IFF_UP;
    ioctl(fd, SIOCSIFFLAGS, &request);
}

static bool
send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t) sent;
    }
    return true;
}

static bool
receive_all(int fd, char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t got = recv(fd, bytes, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            errno = got < 0 ? errno : ECONNRESET;
            return false;
        }
        bytes += got;
        n -= (size_t) got;
    }
    return true;
}

static _Noreturn void
echo(int fd, pid_t parent, size_t bytes)
{
    char *buffer = g_malloc(bytes);

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent && receive_all(fd, buffer, bytes) && send_all(fd, buffer, bytes))
        continue;
    _exit(0);
}

/* Both ends of one connection. */
static bool
connect_ends(int *ret_near, int *ret_far)
{
    autofd int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    autofd int near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t length = sizeof address;
    int at_once = 1;

    if (listener < 0 || near < 0 ||
        bind(listener, (struct sockaddr *) &address, sizeof address) < 0 ||
        listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *) &address, &length) < 0 ||
        connect(near, (struct sockaddr *) &address, sizeof address) < 0)
        return false;
    *ret_far = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (*ret_far < 0)
        return false;
    setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    setsockopt(*ret_far, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    *ret_near = near;
    near = -1;
    return true;
}

bool
work_network_open(size_t bytes, int *ret_fd, pid_t *ret_child, GError **error)
{
    pid_t parent = getpid(), child;
    int near, far;

    switch_loopback_on();
    if (!connect_ends(&near, &far))
        return failure_set_errno(error, errno, "connecting over the loopback");
    child = fork();
    if (child == 0) {
        close(near);
        echo(far, parent, bytes);
    }
    close(far);
    if (child < 0) {
        int problem = errno;

        close(near);
        return failure_set_errno(error, problem, "starting the other end");
    }
    *ret_fd = near;
    *ret_child = child;
    return true;
}

bool
work_network_exchange(int fd, char *buffer, size_t bytes, GError **error)
{
    return (send_all(fd, buffer, bytes) && receive_all(fd, buffer, bytes)) ||
           failure_set_errno(error, errno, "talking over the loopback");
}
