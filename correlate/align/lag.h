/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Do both views tell of the same moments? The guest's and the host's count of one event, window by
 * window, correlate best when they are not shifted against each other.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define LAG_REACH 3 /* windows either way */

/* Sums over visits; start with zeros. */
typedef struct {
    double products[2 * LAG_REACH + 1], guest_squares[2 * LAG_REACH + 1],
        host_squares[2 * LAG_REACH + 1];
} LagSweep;

/* One visit's windows in order, without gaps. Each visit counts around its own mean. */
void lag_sweep_add(LagSweep *sweep, const double *guest, const double *host, size_t n);

/* Correlation at a lag: guest window i against host window i + lag; NAN when nothing varies. */
double lag_sweep_at(const LagSweep *sweep, int lag);

/* The lag with the highest correlation; 0 when nothing varies. */
int lag_sweep_peak(const LagSweep *sweep);

/* True when the views seem shifted by more than one window. */
bool lag_sweep_is_off(const LagSweep *sweep);
