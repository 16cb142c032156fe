/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the ticks of a visit came: in time or late, with all CPUs of the pool or fewer, beside a wall
 * clock that goes on or jumps. Windows stay what they are, since every sample carries
 * CLOCK_MONOTONIC_RAW and counts are cumulative; a note of the visit says what happened to them.
 */
#pragma once

#include "hostctl/run/lab.h"

typedef struct {
    int64_t interval_ns;
    unsigned ticks, late;
    int64_t worst_late_ns;
    int64_t wall_minus_raw_ns; /* at the last tick */
    int64_t stepped_ns;        /* of the largest step of the wall clock, signed */
    unsigned cpus, fewest_cpus;
} Cadence;

/* `cpus`: how many the pool has. */
Cadence cadence_new(int64_t interval_ns, unsigned cpus, const Stamp *now);

/* A tick that was due at `due_raw_ns` begins at `now`, and has seen `cpus` CPUs of the pool. */
void cadence_tick(Cadence *cadence, int64_t due_raw_ns, const Stamp *now, unsigned cpus);

/* What was not as it should be, one line each; none when all was. Free with g_strfreev(). */
char **cadence_complaints(const Cadence *cadence);

/* The same as warnings of the visit in the dataset. */
bool cadence_note(const Cadence *cadence, Lab *lab, int64_t visit_id, GError **error);
