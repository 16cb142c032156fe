/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is exported: the last look at the node and all sums so far. One thread brings looks, others
 * take pages; a page never waits for a look, which happens outside.
 */
#pragma once

#include "common/base/sysroot.h"
#include "hostctl/exporter/http_server.h"
#include "hostctl/exporter/metric_list.h"
#include "hostctl/ring/ring_file.h"

typedef struct Exporter Exporter;

typedef struct {
    double interval_seconds; /* planned between two looks */
    unsigned culprits;       /* that have a name, of one victim */
    bool wants_ring;
    RingWriter *ring; /* NULL: none, or it could not be opened; borrowed */
} ExporterOptions;

Exporter *exporter_new(const ExporterOptions *options);
void exporter_free(Exporter *exporter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Exporter, exporter_free)

/* A look succeeded: takes it over, and writes to the ring when it is time. */
void exporter_take(Exporter *exporter, NodeView *view);
/* A look failed: the values stay, their age grows. */
void exporter_miss(Exporter *exporter);

/* The two pages, from any thread. Free with g_free(). */
char *exporter_metrics(Exporter *exporter, bool openmetrics);
char *exporter_index(Exporter *exporter);
/* Both, for a server; `exporter` must outlive it. */
HttpPages exporter_pages(Exporter *exporter);
