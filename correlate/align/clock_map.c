/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/align/clock_map.h"

#include <math.h>

#define FAR_NS (INT64_MAX / 4)

struct ClockMap {
    ClockMethod method;
    ClockFit *fit;
    int64_t tsc_offset;
    double tsc_ratio; /* guest ticks in one host tick */
    int64_t raw0_ns;  /* of host stamp 0 */
    uint64_t host_tsc0;
    double ns_per_tick;
};

const char *
clock_method_name(ClockMethod method)
{
    static const char *const names[] = { [CLOCK_NONE] = "none",
                                         [CLOCK_SAME] = "none",
                                         [CLOCK_PING] = "ping",
                                         [CLOCK_PTP] = "ptp",
                                         [CLOCK_TSC] = "tsc" };

    return names[method];
}

ClockMap *
clock_map_new(ClockFit *fit, bool same)
{
    ClockMap *map = g_new0(ClockMap, 1);

    map->fit = fit;
    if (same)
        map->method = CLOCK_SAME;
    else if (fit && clock_fit_finish(fit))
        map->method = CLOCK_PING;
    return map;
}

void
clock_map_free(ClockMap *map)
{
    if (!map)
        return;

    clock_fit_free(map->fit);
    g_free(map);
}

void
clock_map_use_tsc(ClockMap *map, const DatasetGuest *guest, const DatasetRow *first,
                  const DatasetRow *last)
{
    if (guest->tsc_offset == DATASET_UNKNOWN || guest->tsc_ratio <= 0 || guest->tsc_frac_bits < 0 ||
        guest->tsc_frac_bits > 62 || first->tsc == 0 || last->tsc <= first->tsc ||
        last->raw_ns <= first->raw_ns)
        return;

    map->method = CLOCK_TSC;
    map->tsc_offset = guest->tsc_offset;
    map->tsc_ratio = ldexp((double) guest->tsc_ratio, -(int) guest->tsc_frac_bits);
    map->raw0_ns = first->raw_ns;
    map->host_tsc0 = first->tsc;
    map->ns_per_tick = (double) (last->raw_ns - first->raw_ns) / (double) (last->tsc - first->tsc);
}

ClockMethod
clock_map_method(const ClockMap *map)
{
    return map->method;
}

/* Differences against stamp 0 keep the products within a double's 53 bits. */
static bool
host_by_tsc(const ClockMap *map, uint64_t guest_tsc, int64_t *ret_host_ns)
{
    uint64_t guest_tsc0 =
        (uint64_t) (long long) ((long double) map->host_tsc0 * (long double) map->tsc_ratio) +
        (uint64_t) map->tsc_offset;
    double ticks = (double) (int64_t) (guest_tsc - guest_tsc0) / map->tsc_ratio;
    double ns = ticks * map->ns_per_tick;

    if (guest_tsc == 0 || fabs(ns) > (double) FAR_NS)
        return false;
    *ret_host_ns = map->raw0_ns + llround(ns);
    return true;
}

/* Between two lines the clock jumped at a moment nobody saw: there is no honest answer there. */
static const ClockSegment *
segment_of(const GArray *segments, int64_t guest_ns)
{
    const ClockSegment *last = NULL;

    for (guint i = 0; i < segments->len; i++) {
        const ClockSegment *segment = &g_array_index(segments, ClockSegment, i);

        if (guest_ns < segment->first_guest_ns)
            return i == 0 ? segment : last && guest_ns <= last->last_guest_ns ? last : NULL;
        last = segment;
    }
    return last;
}

static bool
host_by_pings(const ClockMap *map, int64_t guest_ns, int64_t *ret_host_ns)
{
    const ClockSegment *segment = segment_of(clock_fit_segments(map->fit), guest_ns);
    double since;

    if (!segment || guest_ns < 0 || guest_ns > FAR_NS)
        return false;
    since = (double) (guest_ns - segment->guest0_ns);
    *ret_host_ns = segment->host0_ns + (guest_ns - segment->guest0_ns) +
                   llround(since * segment->drift_ppm * 1e-6);
    return true;
}

bool
clock_map_host_ns(const ClockMap *map, const DatasetRow *row, int64_t *ret_host_ns)
{
    switch (map->method) {
    case CLOCK_SAME:
        *ret_host_ns = row->raw_ns;
        return true;
    case CLOCK_TSC:
        return host_by_tsc(map, row->tsc, ret_host_ns);
    case CLOCK_PING:
    case CLOCK_PTP:
        return host_by_pings(map, row->raw_ns, ret_host_ns);
    case CLOCK_NONE:
        break;
    }
    return false;
}

bool
clock_map_guest_ns(const ClockMap *map, int64_t host_ns, int64_t *ret_guest_ns)
{
    const GArray *segments = clock_map_segments(map);
    const ClockSegment *chosen = NULL;

    if (map->method == CLOCK_SAME) {
        *ret_guest_ns = host_ns;
        return true;
    }
    for (guint i = 0; segments && i < segments->len; i++) {
        const ClockSegment *segment = &g_array_index(segments, ClockSegment, i);

        if (!chosen || segment->host0_ns <= host_ns)
            chosen = segment;
    }
    if (!chosen)
        return false;
    *ret_guest_ns = chosen->guest0_ns +
                    llround((double) (host_ns - chosen->host0_ns) / (1 + chosen->drift_ppm * 1e-6));
    return true;
}

const GArray *
clock_map_segments(const ClockMap *map)
{
    return map->fit ? clock_fit_segments(map->fit) : NULL;
}
