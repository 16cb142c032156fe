/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pressure stall information: how long tasks of the host, or of one cgroup, stood still. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"

typedef struct {
    uint64_t cpu_some_us; /* cumulative: at least one task waited for a CPU */
    uint64_t memory_some_us;
    uint64_t memory_full_us; /* all tasks stood still */
    uint64_t io_some_us;
    uint64_t io_full_us;
} PressureStats;

/* FAILURE_UNSUPPORTED when the kernel has none (CONFIG_PSI, or psi=0). */
bool pressure_read(const Sysroot *root, PressureStats *ret_stats, GError **error);

/* The same of a cgroup (version 2); `cgroup` is its folder below the root, without a slash. */
bool pressure_read_cgroup(const Sysroot *root, const char *cgroup, PressureStats *ret_stats,
                          GError **error);
