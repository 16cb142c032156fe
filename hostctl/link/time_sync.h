/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clock echoes: four stamps each, stored as they are. Fitting a line through them is correlate's
 * work. Bursts run outside measuring windows only, since they wake both sides.
 */
#pragma once

#include <glib.h>

#include "hostctl/link/guest_link.h"

#define TIME_SYNC_BURST 50
#define TIME_SYNC_GAP_NS (2 * NS_PER_MS)

typedef struct {
    int64_t t1_ns; /* host, sent */
    int64_t t2_ns; /* guest, received */
    int64_t t3_ns; /* guest, answered */
    int64_t t4_ns; /* host, received */
    uint64_t host_tsc, guest_tsc;
    int64_t guest_wall_ns;
} TimeSyncPing;

/*
 * One burst: up to `n` echoes at least TIME_SYNC_GAP_NS apart, ended early after `budget_ms`. A
 * lost echo is left out. Appends to `pings` (of TimeSyncPing). False when the guest hung up, a
 * signal came, or not one echo returned.
 */
bool time_sync_burst(GuestLink *link, unsigned n, int budget_ms, const Interrupt *interrupt,
                     GArray *pings, GError **error);
