/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder under which libvirt's embedded driver keeps everything, made ready for it: no
 * daemon is asked for logs, and a /dev/kvm that QEMU's user may not open is hidden from the
 * driver, which would otherwise probe QEMU anew at each call (72 s for each guest).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/state.h"

/* The root in "qemu:///embed?root=DIR", unescaped; NULL for another URI. Free with g_free(). */
char *embed_root_of_uri(const char *uri);

/*
 * Makes the folder and its qemu.conf. May give this thread, and those it starts from now on, a
 * view of /dev of its own; the host's /dev stays as it is.
 */
bool embed_root_prepare(State *state, const char *root, GError **error);

/* "process 123 (hostctl run …)" that has the driver under `root`; NULL when unknown. Free with
 * g_free(). */
char *embed_root_owner(const char *root);
