/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Follows all guests of this host, whoever made them, and the host itself: reads only, asks
 * neither QEMU nor a guest, and waits for nobody. Guests may come and go.
 */
#pragma once

#include "common/base/sysroot.h"
#include "hostctl/view/node_view.h"

typedef struct NodeWatch NodeWatch;

/*
 * What /proc does not tell of the guest with this UUID. Must not block. False, and nothing set,
 * when not known; `*ret_title` may be NULL, and is the caller's.
 */
typedef bool (*GuestFactsFunc)(void *data, const char *uuid, uint64_t *ret_balloon_kib,
                               char **ret_title);

typedef struct {
    bool counters; /* count cycles, instructions and misses of every vCPU, where it can be done */
    const char *counters_of; /* … of this guest's only; NULL: of all */
    bool blame;              /* tell who waits for whom, where it can be done */
    GuestFactsFunc facts;    /* NULL: nobody knows more */
    void *facts_data;        /* must outlive the NodeWatch */
} NodeWatchOptions;

/* `root` must outlive the object. Error: /proc cannot be read. */
bool node_watch_new(const Sysroot *root, const NodeWatchOptions *options, NodeWatch **ret_watch,
                    GError **error);
void node_watch_free(NodeWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeWatch, node_watch_free)

/* Why nobody tells who waits for whom; NULL when somebody does. */
const char *node_watch_no_blame(const NodeWatch *watch);

/* What happened since the last call (since node_watch_new() the first time). */
bool node_watch_take(NodeWatch *watch, NodeView **ret_view, GError **error);

/* Blame's own cost since it was loaded; FAILURE_UNSUPPORTED without blame. */
bool node_watch_blame_cost(NodeWatch *watch, BlameCost *ret_cost, GError **error);
