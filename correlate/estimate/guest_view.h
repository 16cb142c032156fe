/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one vCPU's guest knows of one window: nothing here ever came from the host. It is all that
 * estimators are given.
 */
#pragma once

typedef enum {
    GUEST_CYCLES,
    GUEST_INSTRUCTIONS,
    GUEST_BRANCHES,
    GUEST_BRANCH_MISSES,
    GUEST_CACHE_MISSES,
    GUEST_STEAL_NS,
    GUEST_BUSY_NS,
    GUEST_CANARY_BRANCHES,
    GUEST_CANARY_MISSES,
} GuestField;
#define GUEST_FIELDS 9

typedef struct {
    double seconds;             /* wall time of the window */
    double count[GUEST_FIELDS]; /* in this window, scaled to the whole of it; NAN: not known */
} GuestView;

/* The guest_sample column of a field: "branch_misses". */
extern const char *const guest_field_columns[GUEST_FIELDS];
