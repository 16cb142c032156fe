/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of a run's visits. A block is one condition in one repeat; its steps come in balanced
 * order (rows of a Williams square: over the square each step follows each other step equally
 * often) or ascending; conditions alternate ABBA across repeats; a 0 % visit opens and closes each
 * block so that drift is seen.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/run/plan.h"

typedef enum { VISIT_OPEN, VISIT_STEP, VISIT_CLOSE } VisitKind;

typedef struct {
    unsigned repeat;    /* from 1 */
    unsigned condition; /* index into plan->conditions */
    unsigned block;     /* from 0; guests are made anew when it changes */
    VisitKind kind;
    double step_percent;
} PlannedVisit;

/* All visits in the order they are made; of PlannedVisit. Unref with g_array_unref(). */
GArray *schedule_make(const Plan *plan);

/* "open", "step", "close": as the dataset has it. */
const char *visit_kind_name(VisitKind kind);

/*
 * Row `row` of the Williams square over n treatments, n numbers from 0. For even n the square has n
 * rows, for odd n 2n (Williams, Austral. J. Sci. Res. A 2, 1949). `ret_order` has n places.
 */
void williams_row(unsigned n, unsigned row, unsigned *ret_order);
unsigned williams_rows(unsigned n);
