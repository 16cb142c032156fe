/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/lag.h"

#include <math.h>
#include <stdlib.h>

#define CLEARLY_BETTER 0.1 /* of the correlation at lag 0: periodic loads have several peaks */

static double
mean(const double *values, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double) n;
}

void
lag_sweep_add(LagSweep *sweep, const double *guest, const double *host, size_t n)
{
    double guest_mean, host_mean;

    if (n <= 2 * LAG_REACH)
        return;
    guest_mean = mean(guest, n);
    host_mean = mean(host, n);
    for (int lag = -LAG_REACH; lag <= LAG_REACH; lag++) {
        int at = lag + LAG_REACH;

        /* The same guest windows at every lag, so that the lags compare. */
        for (size_t i = LAG_REACH; i + LAG_REACH < n; i++) {
            double g = guest[i] - guest_mean, h = host[(long) i + lag] - host_mean;

            sweep->products[at] += g * h;
            sweep->guest_squares[at] += g * g;
            sweep->host_squares[at] += h * h;
        }
    }
}

double
lag_sweep_at(const LagSweep *sweep, int lag)
{
    int at = lag + LAG_REACH;
    double size = sqrt(sweep->guest_squares[at] * sweep->host_squares[at]);

    return size > 0 ? sweep->products[at] / size : NAN;
}

int
lag_sweep_peak(const LagSweep *sweep)
{
    int peak = 0;

    for (int lag = -LAG_REACH; lag <= LAG_REACH; lag++)
        if (lag_sweep_at(sweep, lag) > lag_sweep_at(sweep, peak))
            peak = lag;
    return peak;
}

bool
lag_sweep_is_off(const LagSweep *sweep)
{
    int peak = lag_sweep_peak(sweep);

    return abs(peak) > 1 && lag_sweep_at(sweep, peak) > lag_sweep_at(sweep, 0) + CLEARLY_BETTER;
}
