/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks one vCPU through one visit, window by window, on the grid that both views share. */
#pragma once

#include "common/dataset/reader.h"
#include "correlate/align/clock_map.h"
#include "correlate/align/window.h"

typedef struct {
    const DatasetVisit *visit;
    const DatasetGuest *guest;
    int64_t vcpu;
    const ClockMap *clock;
    bool has_guest_view;
} WalkTarget;

/* How many windows were not evidence, by reason. */
typedef struct {
    uint64_t windows[EXCLUDED_REASONS];
} Exclusions;

typedef bool (*WindowFunc)(const WalkTarget *target, const Window *window, void *data,
                           GError **error);

/*
 * Calls `each` for every window that is evidence, ascending; adds the others to `exclusions`. The
 * grid starts where measuring starts and its step is the run's interval.
 */
bool visit_walk(DatasetReader *reader, const WalkTarget *target, WindowFunc each, void *data,
                Exclusions *exclusions, GError **error);

/* True when the visit ended well and its times make sense. */
bool visit_is_whole(const DatasetVisit *visit);
