/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dataset that may grow so far and no further. */
#pragma once

#include <stdbool.h>

#include "common/dataset/writer.h"

typedef enum {
    DISK_ROOM,   /* go on */
    DISK_FORGOT, /* the oldest samples made room */
    DISK_FULL,   /* no room is left: end here */
} DiskVerdict;

/*
 * With `ring` the oldest samples are removed as soon as nine tenths of `max_bytes` are used, a
 * fiftieth of the recorded time at once; the file then stays as large as it is. Without, or when a
 * reader holds the log open so that it grows past the bound, the verdict is DISK_FULL. Outside a
 * transaction.
 */
bool disk_bound_keep(DatasetWriter *writer, uint64_t max_bytes, bool ring, DiskVerdict *ret_verdict,
                     GError **error);
