/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One guest that is followed: its open files and counters, and what they last said. */
#pragma once

#include "hostctl/collect/qemu_process.h"
#include "hostctl/view/node_view.h"

typedef struct GuestWatch GuestWatch;

typedef struct {
    bool counters; /* open counters of its vCPUs, in guest mode */
} GuestWatchOptions;

/* NULL when it has ended already. `root` must outlive the object. */
GuestWatch *guest_watch_new(const Sysroot *root, const QemuProcess *process,
                            const GuestWatchOptions *options);
void guest_watch_free(GuestWatch *watch);

/* The same QEMU with the same vCPU threads: nothing was plugged or started anew. */
bool guest_watch_is(const GuestWatch *watch, const QemuProcess *process);

/* Reads what moves slowly: resident and merged memory, quotas. guest_watch_new() does it too. */
void guest_watch_refresh(GuestWatch *watch);

/* What happened since the last call (since guest_watch_new() the first time). False when a vCPU
 * thread has ended: look for the guest again. `with_resctrl`: the host has resctrl groups. */
bool guest_watch_take(GuestWatch *watch, bool with_resctrl, GuestView *view);
