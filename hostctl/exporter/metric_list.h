/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All metrics by name: docs/metrics.md is their contract. */
#pragma once

#include "hostctl/exporter/ledger.h"
#include "hostctl/exporter/metric_text.h"

/* What the exporter knows of itself. */
typedef struct {
    bool up;                 /* the last look succeeded */
    bool wants_ring;         /* a ring is wanted … */
    bool has_ring;           /* … and there */
    double interval_seconds; /* planned between two looks */
    double age_seconds;      /* of the last look; NAN: none yet */
    uint64_t ticks, tick_failures, tick_ns, last_tick_ns;
    uint64_t scrapes, scrape_ns, last_scrape_ns;
    uint64_t process_cpu_ns;
    uint64_t ring_records, ring_failures;
    double ring_span_seconds; /* NAN: not known */
} ExporterStats;

void metric_list_exporter(MetricText *text, const ExporterStats *stats, const Ledger *ledger);
void metric_list_node(MetricText *text, const Ledger *ledger);
void metric_list_guests(MetricText *text, const Ledger *ledger);
