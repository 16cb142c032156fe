/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why one guest is slow, in a paragraph, with its evidence and what to do about it. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdio.h>

#include "hostctl/view/node_view.h"

/* A guest that shares less than a CPU with the one in question. */
typedef struct {
    char *name;
    char *shares;     /* "a core", "a cache" */
    double run_ratio; /* of one CPU: how much it ran, or ran at the same time on the same core */
} NeighbourView;

typedef struct {
    const GuestView *guest; /* borrowed */
    double seconds;
    double baseline_ratio; /* branch misses per cycle now ÷ in its quiet time; NAN */
    char *no_blame;        /* why causes are not known; NULL: they are */
    GPtrArray *neighbours; /* NeighbourView, the busiest first */
    GPtrArray *advice;     /* char * */
    char *text;            /* the paragraph, without advice */
} Explanation;

/*
 * `view` may be NULL (a look back: no neighbours then). `root` tells who shares a core or a
 * cache. The guest must outlive the result.
 */
Explanation *explanation_new(const Sysroot *root, const NodeView *view, const GuestView *guest,
                             double seconds, double baseline_ratio);
void explanation_free(Explanation *explanation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Explanation, explanation_free)

/* The paragraph, the table of causes, the advice. */
void explanation_print(const Explanation *explanation, FILE *out);

/* One object: format, domain, seconds, run_ns, wait_ns, wait_ratio, causes[], text, and more. */
void explanation_build_json(const Explanation *explanation, JsonBuilder *builder);
