/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The three clocks that every sample carries (CLOCK_MONOTONIC_RAW, TSC, wall). */
#pragma once

#include <stdint.h>

#define NS_PER_SECOND 1000000000ll
#define NS_PER_MS 1000000ll

typedef struct {
    int64_t raw_ns;  /* CLOCK_MONOTONIC_RAW of the side that took it */
    uint64_t tsc;    /* RDTSC of the same moment; 0 where the CPU has none */
    int64_t wall_ns; /* CLOCK_REALTIME since the epoch */
} Stamp;

Stamp stamp_now(void);
int64_t clock_raw_ns(void);
int64_t clock_wall_ns(void);
/* CPU time of this process so far, all threads, user and system. */
int64_t clock_process_cpu_ns(void);

/*
 * When to do next (clock_raw_ns()) what was due at `due_ns` and is to be done each `interval_ns`:
 * one interval later, or, for whoever is late, the first time on that grid which is not over.
 */
int64_t clock_next_due(int64_t due_ns, int64_t interval_ns);
