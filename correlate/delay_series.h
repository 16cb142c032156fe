/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A vCPU thread's /proc/…/schedstat over time, as somebody's script wrote it down. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct {
    double t_seconds;
    int64_t run_ns, delay_ns; /* cumulative, as the kernel counts */
} DelayRow;

/* CSV with the heading "t_seconds,run_ns,delay_ns"; time must ascend, counts may not drop.
 * DelayRow; errors name file and line. */
GArray *delay_series_load(const char *path, GError **error);
