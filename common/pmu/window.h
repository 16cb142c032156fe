/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What happened between two readings of the same counters, and whether it may be believed. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/pmu/counter_source.h"

typedef enum {
    WINDOW_OK,      /* counted all the time */
    WINDOW_SCALED,  /* counted part of the time (multiplexed); values are extrapolated */
    WINDOW_STARVED, /* switched on but never counted: there are no values */
    WINDOW_INVALID, /* the readings contradict each other or a counter stood still under load */
} WindowVerdict;

/* "ok", "scaled", "starved", "invalid". */
const char *window_verdict_name(WindowVerdict verdict);

/*
 * A second witness: an event that cannot stand still while its target works (cycles,
 * instructions), and how long the target is known to have worked in the window. Under a vPMU a
 * starved counter shows running == enabled and a count of 0, so zero alone proves nothing.
 */
typedef struct {
    unsigned event;  /* index into the readings */
    int64_t busy_ns; /* under WINDOW_BUSY_MIN_NS nothing is concluded */
} WindowWitness;
#define WINDOW_BUSY_MIN_NS 50000000ll /* five ticks of /proc/stat */

typedef struct {
    WindowVerdict verdict;
    double scale; /* enabled / running of the window: 1 when ok; NAN when starved or invalid */
    uint64_t enabled_ns, running_ns; /* differences; 0 when invalid */
    uint32_t n_values;
    double values[EVENT_MAX]; /* scaled differences; NAN: not counted, starved or invalid */
} Window;

/*
 * Pure. `witness` may be NULL. The rules, on differences: enabled or running or a value that goes
 * back, a restart, running > enabled, or a still witness: invalid; enabled > 0 and running == 0:
 * starved; running < enabled: scaled by enabled / running; else ok. A thread that never had a CPU
 * has enabled == 0 and counted nothing: ok, zeros.
 */
void window_between(const CounterReading *before, const CounterReading *after,
                    const WindowWitness *witness, Window *ret_window);
