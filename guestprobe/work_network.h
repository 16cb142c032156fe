/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A connection of the guest with itself: a child gives back what it is sent. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * TCP over 127.0.0.1; the loopback is switched on where that was not done yet and is permitted. The
 * child ends with us and echoes in pieces of `bytes`.
 */
bool work_network_open(size_t bytes, int *ret_fd, pid_t *ret_child, GError **error);

/* Sends the bytes and waits until as many came back. */
bool work_network_exchange(int fd, char *buffer, size_t bytes, GError **error);
