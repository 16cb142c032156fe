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

/* The field that an event counts, by the name that perf has for it; -1: none. */
int guest_field_of(const char *event);

/*
 * The view of a window from a list of counts (NAN: not counted). Events of one name, as cycles of
 * user and of kernel level, add up; what is not among them is not known.
 */
GuestView guest_view_of(double seconds, const char *const *events, const double *values,
                        unsigned n);
