/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much a machine has swapped: read by the host of itself, and by each guest of itself. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/absent.h"
#include "common/base/sysroot.h"

/* ABSENT_U64 where the kernel does not tell (one built without swap). */
typedef struct {
    uint64_t total_kib, used_kib;
    uint64_t in_kib, out_kib; /* read from and written to swap since boot */
} SwapStats;

/* /proc/meminfo and /proc/vmstat, whose pswpin and pswpout are pages. */
SwapStats swap_read(const Sysroot *root);
