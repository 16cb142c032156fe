/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums up looks at the node until an interval of the ring is full, and writes it. */
#pragma once

#include "hostctl/ring/ring_file.h"
#include "hostctl/view/node_view.h"

#define RING_INTERVAL_SECONDS 10

typedef struct RingGather RingGather;

RingGather *ring_gather_new(void);
void ring_gather_free(RingGather *gather);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RingGather, ring_gather_free)

void ring_gather_add(RingGather *gather, const NodeView *view);
/* The interval is full (half a second too early counts: looks are never exact). */
bool ring_gather_is_full(const RingGather *gather);

/* RingRecord of each guest, by name; gathering begins anew. Free with g_array_unref(). */
GArray *ring_gather_take(RingGather *gather);
