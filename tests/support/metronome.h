/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A process that does nothing but wake at an even interval, before anything else on its CPU: how
 * even a timer of this machine is now, with all that is beside the program under test.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct Metronome Metronome;

/* Wakes `n` + 1 times on `cpu`, for the first time at `first_raw_ns`. With the right to it, above
 * every other thread that a test starts. Ends the test program when it cannot be started. */
Metronome *metronome_start(int cpu, int64_t first_raw_ns, int64_t interval_ns, unsigned n);

/* When it woke, n + 1 times of CLOCK_MONOTONIC_RAW; waits until it is through. */
const int64_t *metronome_wait(Metronome *metronome);
void metronome_free(Metronome *metronome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Metronome, metronome_free)

/* Of `n` windows between n + 1 stamps: the 99th percentile of how far their lengths are off. */
double jitter_p99_ns(const int64_t *stamps_ns, unsigned n, int64_t interval_ns);
