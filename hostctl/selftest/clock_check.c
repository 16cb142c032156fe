/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/selftest/clock_check.h"

#include <math.h>

#include "common/base/clock.h"

/* Reading two clocks one after the other, and rounding. */
#define READING_NS 2000
/* No two crystals are further apart; a guest whose TSC is scaled is. */
#define DRIFT_MAX_PPM 1000.0

/* The best echo of a burst: when the guest answered, in both clocks, and how well that is known. */
typedef struct {
    const TimeSyncPing *ping;
    double middle_ns; /* host time between the answer's bounds */
    double guest_ns;  /* the guest's, of the same moment */
    double bound_ns;
} Echo;

static double
half_trip_ns(const TimeSyncPing *ping)
{
    return ((double) (ping->t4_ns - ping->t1_ns) - (double) (ping->t3_ns - ping->t2_ns)) / 2;
}

static Echo
best_of(const GArray *pings)
{
    const TimeSyncPing *best = &g_array_index(pings, TimeSyncPing, 0);

    for (guint i = 1; i < pings->len; i++)
        if (half_trip_ns(&g_array_index(pings, TimeSyncPing, i)) < half_trip_ns(best))
            best = &g_array_index(pings, TimeSyncPing, i);
    return (Echo){
        .ping = best,
        .middle_ns = (double) best->t4_ns - half_trip_ns(best),
        .guest_ns = (double) best->t3_ns,
        .bound_ns = MAX(half_trip_ns(best), 0),
    };
}

/* Host TSC ticks a nanosecond, over the time between the two. */
static double
host_tsc_rate(const Echo *first, const Echo *second)
{
    return (double) (second->ping->host_tsc - first->ping->host_tsc) /
           (double) (second->ping->t1_ns - first->ping->t1_ns);
}

/* Host time of the answer by KVM's map. */
static double
host_ns_by_map(const Echo *echo, const KvmTsc *map, double rate)
{
    uint64_t host_tsc = kvm_tsc_to_host(map, echo->ping->guest_tsc);

    return (double) echo->ping->t1_ns + (double) (int64_t) (host_tsc - echo->ping->host_tsc) / rate;
}

/* Host time of the second answer, if the guest's TSC runs as the host's does since the first. */
static double
host_ns_by_rate(const Echo *first, const Echo *second, double rate)
{
    return first->middle_ns + (double) (second->ping->guest_tsc - first->ping->guest_tsc) / rate;
}

static void
differ(ClockCheck *check, double difference_ns, double bound_ns)
{
    if (fabs(difference_ns) - bound_ns <= (double) (check->difference_ns - check->bound_ns))
        return;
    check->difference_ns = (int64_t) fabs(difference_ns);
    check->bound_ns = (int64_t) ceil(bound_ns);
}

static void
compare_tsc(const Echo *first, const Echo *second, const KvmTsc *map, ClockCheck *check)
{
    double rate = host_tsc_rate(first, second);
    double guest_rate = (double) (second->ping->guest_tsc - first->ping->guest_tsc) /
                        (second->middle_ns - first->middle_ns);
    double apart_ppm = fabs(guest_rate / rate - 1) * 1e6;

    check->difference_ns = G_MININT32; /* less than any */
    if (map) {
        check->tsc_map = "kvm";
        differ(check, host_ns_by_map(first, map, rate) - first->middle_ns,
               first->bound_ns + READING_NS);
        differ(check, host_ns_by_map(second, map, rate) - second->middle_ns,
               second->bound_ns + READING_NS);
    } else if (apart_ppm < DRIFT_MAX_PPM) {
        check->tsc_map = "constant";
        differ(check, host_ns_by_rate(first, second, rate) - second->middle_ns,
               first->bound_ns + second->bound_ns + READING_NS);
    } else {
        check->difference_ns = 0; /* scaled, and KVM's map is not known: nothing to compare */
    }
}

static bool
has_tsc(const Echo *echo)
{
    return echo->ping->host_tsc && echo->ping->guest_tsc;
}

void
clock_check(const GArray *first, const GArray *second, const KvmTsc *map, ClockCheck *ret_check)
{
    ClockCheck check = { .echoes = first->len + second->len, .tsc_map = "none" };
    Echo a, b;

    if (first->len == 0 || second->len == 0) {
        check.reason = g_strdup("no clock echo came back");
        *ret_check = check;
        return;
    }
    a = best_of(first);
    b = best_of(second);
    check.ping_bound_ns = (int64_t) ceil(MAX(a.bound_ns, b.bound_ns));
    check.drift_ppm = ((b.guest_ns - a.guest_ns) / (b.middle_ns - a.middle_ns) - 1) * 1e6;
    if (has_tsc(&a) && has_tsc(&b))
        compare_tsc(&a, &b, map, &check);

    if (fabs(check.drift_ppm) > DRIFT_MAX_PPM)
        check.reason = g_strdup_printf("the guest's raw clock drifts by %.0f ppm from the host's "
                                       "(at most %.0f)",
                                       check.drift_ppm, DRIFT_MAX_PPM);
    else if (check.difference_ns > check.bound_ns)
        check.reason = g_strdup_printf(
            "echoes and TSC put the same moment %.1f µs apart, and their bounds allow %.1f µs",
            (double) check.difference_ns / 1e3, (double) check.bound_ns / 1e3);
    check.agree = !check.reason;
    *ret_check = check;
}

void
clock_check_clear(ClockCheck *check)
{
    g_clear_pointer(&check->reason, g_free);
}
