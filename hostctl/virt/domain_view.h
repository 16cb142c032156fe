/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libvirt's XML says about a running domain, read as nodes. Pure text in, values out. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/virt/guest.h"

/* Our metadata element of a domain. */
typedef struct {
    GuestRole role;
    char *owner;
    char *page; /* NULL: no emulated counters */
    char *silicon;
    char *storage_pool; /* that has its overlay and seed; NULL: none has */
    bool from_afar;     /* made over a connection of another machine */
} GuestMetadata;

void guest_metadata_clear(GuestMetadata *metadata);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GuestMetadata, guest_metadata_clear)

/* False for anything but a whole element of ours; names in /dev/shm are checked, they get removed.
 */
bool guest_metadata_parse(const char *xml, GuestMetadata *ret_metadata);

/* The socket of the probe's channel; NULL when the domain has none. Free with g_free(). */
char *domain_view_channel_path(const char *xml);
