/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much memory the host has left, and what a QEMU process holds of it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"
#include "hostctl/collect/kept_number.h"

typedef struct {
    uint64_t total_kib;
    uint64_t available_kib; /* MemAvailable: what can be taken without swapping */
    uint64_t swap_total_kib;
    uint64_t swap_used_kib;
} MemoryStats;

bool memory_read(const Sysroot *root, MemoryStats *ret_stats, GError **error);

/* Resident memory of a process in KiB (VmRSS of its status). False when it is gone. */
bool memory_open_rss(const Sysroot *root, pid_t pid, KeptNumber *ret_rss_kib);
