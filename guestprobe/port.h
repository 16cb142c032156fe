/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The virtio-serial port through which the host talks to this guest. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"

#define PORT_NAME "org.insideout.probe.0"

/*
 * The device of the port named PORT_NAME: udev's link in /dev/virtio-ports, else what
 * /sys/class/virtio-ports says. Free with g_free(). NULL with an error that says what to add to
 * the guest.
 */
char *port_find(const Sysroot *root, GError **error);

/* Opens a character device or terminal, or connects to a unix socket. -1 with an error. */
int port_open(const char *path, GError **error);

/* False while nobody has opened the host's end, so that nothing said would be heard. */
bool port_has_host(int fd);
