/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a guest writes on its serial console, for the message about one that never talks. QEMU
 * connects to a unix socket of ours; when we are gone, or the guest has written more than
 * CONSOLE_MAX_BYTES, the connection ends and QEMU drops the rest. Nothing reaches the disk.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#define CONSOLE_MAX_BYTES (256u * 1024u)
#define CONSOLE_KEPT_BYTES (16u * 1024u)

typedef struct Console Console;

/*
 * Listens at `path`; libvirt's event loop must run. The socket's name must stay until the guest is
 * gone (libvirt changes its owner back then) and is the caller's to remove.
 */
Console *console_new(const char *path, GError **error);

/* The same for what is connected already, a non-blocking socket; takes it. */
Console *console_new_connected(int fd, GError **error);
void console_free(Console *console);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Console, console_free)

/*
 * The last `max_bytes` (at most CONSOLE_KEPT_BYTES), or as many from the kernel's panic on, as text
 * for people, line by line. Free with g_free().
 */
char *console_tail(Console *console, size_t max_bytes);
