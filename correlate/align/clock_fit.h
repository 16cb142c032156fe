/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From ping exchanges to the lines that map a guest's raw clock to the host's. Only the lowest
 * round trips of each burst count; where the clock jumped (pause, migration, suspend) a new line
 * starts.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t t1_ns, t2_ns, t3_ns,
        t4_ns; /* host sent, guest received, guest answered, host received */
} ClockPing;

/* One line: host = host0_ns + (guest - guest0_ns) * (1 + drift_ppm * 1e-6). */
typedef struct {
    int64_t first_guest_ns, last_guest_ns; /* of the bursts that it goes through */
    int64_t guest0_ns, host0_ns;
    double drift_ppm;
    double drift_error_ppm; /* standard error; NAN when one or two bursts cannot tell */
    double bound_ns;        /* half the best round trip: the offset cannot be known better */
    double residual_ns;     /* worst distance of a kept ping from the line */
    double asymmetry; /* half of (way back - way there) over their sum, -0.5 to 0.5, of the part of
                       * the trips that varies: taken off, and half as much of the part that does
                       * not */
} ClockSegment;

typedef struct ClockFit ClockFit;

ClockFit *clock_fit_new(void);
void clock_fit_free(ClockFit *fit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClockFit, clock_fit_free)

/* In the order of the run. Impossible pings (time running backwards) are counted and left out. */
void clock_fit_add(ClockFit *fit, const ClockPing *ping);

/* Draws the lines; later additions are ignored. False when there is no usable ping. */
bool clock_fit_finish(ClockFit *fit);

/* ClockSegment, ascending; valid after clock_fit_finish(). */
const GArray *clock_fit_segments(const ClockFit *fit);
guint clock_fit_pings(const ClockFit *fit);
guint clock_fit_rejected(const ClockFit *fit);
