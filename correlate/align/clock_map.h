/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One guest's time in the host's: by the TSC where KVM's map was recorded, else by pings. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/dataset/reader.h"
#include "correlate/align/clock_fit.h"

typedef enum { CLOCK_NONE, CLOCK_SAME, CLOCK_PING, CLOCK_PTP, CLOCK_TSC } ClockMethod;

/* "none", "ping", "ptp", "tsc"; one clock for both sides (imported files) is "none" too. */
const char *clock_method_name(ClockMethod method);

typedef struct ClockMap ClockMap;

/* `fit` (taken over; NULL: no pings) holds the guest's pings; `same` says both sides share a clock.
 */
ClockMap *clock_map_new(ClockFit *fit, bool same);
void clock_map_free(ClockMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClockMap, clock_map_free)

/*
 * Where KVM's TSC offset and scaling of the guest are known: guest_tsc = (host_tsc * ratio >> frac)
 * + offset, and host raw time runs through two host stamps (raw_ns, tsc) taken around the visit.
 */
void clock_map_use_tsc(ClockMap *map, const DatasetGuest *guest, const DatasetRow *first,
                       const DatasetRow *last);

ClockMethod clock_map_method(const ClockMap *map);

/* Host raw time of a guest row. False where the map does not know: no method, or between two lines.
 */
bool clock_map_host_ns(const ClockMap *map, const DatasetRow *row, int64_t *ret_host_ns);

/* The guest raw time of a host time, by the pings' line that fits there best. False: no method. */
bool clock_map_guest_ns(const ClockMap *map, int64_t host_ns, int64_t *ret_guest_ns);

/* The pings' lines: ClockSegment; NULL where there are none. */
const GArray *clock_map_segments(const ClockMap *map);
