/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Behind whom one guest waited, summed for ever in a bounded number of series: the culprits that
 * matter lately have a name, the rest of each kind is one sum. No nanosecond is in two of them.
 */
#pragma once

#include "hostctl/view/node_view.h"

#define CULPRIT_REST "other"

typedef struct {
    BlameKind kind;
    const char *name; /* printable; "" for kinds without one; CULPRIT_REST: of this kind */
    uint64_t wait_ns;
} CulpritSum;

typedef struct Culprits Culprits;

/* At most `max_named` guests and host tasks have a name at one time. */
Culprits *culprits_new(unsigned max_named);
void culprits_free(Culprits *culprits);

/* One interval: CauseView. */
void culprits_take(Culprits *culprits, const GPtrArray *causes, double seconds);

/* CulpritSum: all kinds' rests, then those with a name. Free with g_array_unref(). */
GArray *culprits_list(const Culprits *culprits);
