/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the ring knows of one guest in a stretch of the past, as if it had been watched then. */
#pragma once

#include "hostctl/ring/ring_file.h"
#include "hostctl/view/node_view.h"

typedef struct {
    NodeView *view;         /* of the one guest */
    const GuestView *guest; /* in it */
    int64_t from_ns, to_ns; /* what the records cover: the stretch, to whole intervals */
} LookBack;

/*
 * `guest` is its name. Errors name what is there instead: how far back the ring reaches, or the
 * guests that it has in the stretch.
 */
bool look_back(const char *path, const char *guest, int64_t from_ns, int64_t to_ns,
               LookBack *ret_look, GError **error);
void look_back_clear(LookBack *look);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LookBack, look_back_clear)
