/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Last level cache and memory bandwidth of a guest, where somebody (libvirt's <cachetune> or
 * <memorytune> with a monitor, or a person) has made a resctrl monitoring group for its threads.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

typedef struct {
    uint64_t llc_bytes;       /* now, over all caches */
    uint64_t bandwidth_bytes; /* cumulative */
} ResctrlStats;

/* Most machines have it not, or not mounted: asked once instead of for each thread. */
bool resctrl_is_there(const Sysroot *root);

/* False when no group holds the thread, or the machine does not have it. */
bool resctrl_read(const Sysroot *root, pid_t tid, ResctrlStats *ret_stats);
