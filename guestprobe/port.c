/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/port.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/autofd.h"
#include "common/base/failure.h"

#define CLASS "sys/class/virtio-ports"

static bool
is_ours(const Sysroot *root, const char *device)
{
    g_autofree char *path = g_build_filename(CLASS, device, "name", NULL);
    g_autofree char *name = NULL;

    return sysroot_read(root, path, &name, NULL) && g_str_equal(name, PORT_NAME);
}

char *
port_find(const Sysroot *root, GError **error)
{
    g_auto(GStrv) devices = NULL;

    if (sysroot_exists(root, "dev/virtio-ports/" PORT_NAME))
        return sysroot_path(root, "dev/virtio-ports/" PORT_NAME);
    if (sysroot_list(root, CLASS, &devices, NULL))
        for (char **device = devices; *device; device++) {
            g_autofree char *path = g_build_filename("dev", *device, NULL);

            if (is_ours(root, *device))
                return sysroot_path(root, path);
        }
    failure_set(
        error, FAILURE_UNSUPPORTED,
        "this guest has no virtio-serial port named %s; give its libvirt domain a <channel> "
        "with that target name, or name a device with --port",
        PORT_NAME);
    return NULL;
}

static int
connect_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    autofd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int kept = fd;

    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
        return -1;
    fd = -1;
    return kept;
}

int
port_open(const char *path, GError **error)
{
    struct stat status;
    int fd = stat(path, &status) == 0 && S_ISSOCK(status.st_mode)
                 ? connect_socket(path)
                 : open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        failure_set_errno(error, errno, "opening %s%s", path,
                          errno == EBUSY ? " (does another probe serve it?)" : "");
    return fd;
}

bool
port_has_host(int fd)
{
    struct pollfd state = { .fd = fd, .events = POLLOUT };

    return poll(&state, 1, 0) < 0 || !(state.revents & POLLHUP);
}
