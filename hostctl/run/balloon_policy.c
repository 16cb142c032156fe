/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/balloon_policy.h"

#include <glib.h>
#include <math.h>

#define PRESSURE_RATIO 0.20
#define CRITICAL_RATIO 0.05
#define GUEST_FREE_RATIO 0.20
#define LARGEST_CHANGE 0.05
#define SMALLEST_CHANGE 0.0025

static double
used_kib(const BalloonPolicyGuest *guest)
{
    return (double) guest->current_kib - (double) MIN(guest->unused_kib, guest->current_kib);
}

static double
shrunk_kib(const BalloonPolicyGuest *guest, double host_free_ratio)
{
    double current = (double) guest->current_kib;
    double free_ratio = host_free_ratio <= CRITICAL_RATIO
                            ? host_free_ratio - CRITICAL_RATIO
                            : GUEST_FREE_RATIO * host_free_ratio / PRESSURE_RATIO;
    double ideal = used_kib(guest) + free_ratio * current;

    return fmin(current, fmax(ideal, current * (1 - LARGEST_CHANGE)));
}

static double
grown_kib(const BalloonPolicyGuest *guest)
{
    double most = (double) guest->most_kib;
    double wanted = used_kib(guest) + GUEST_FREE_RATIO * most;

    return fmin(most, fmax(wanted, (double) guest->current_kib * (1 + LARGEST_CHANGE)));
}

uint64_t
balloon_policy_target(const BalloonPolicyGuest *guest, double host_free_ratio)
{
    double current = (double) guest->current_kib;
    double target =
        host_free_ratio < PRESSURE_RATIO ? shrunk_kib(guest, host_free_ratio) : grown_kib(guest);

    target =
        CLAMP(target, (double) MIN(guest->least_kib, guest->most_kib), (double) guest->most_kib);
    return fabs(target - current) > SMALLEST_CHANGE * current ? (uint64_t) target
                                                              : guest->current_kib;
}
