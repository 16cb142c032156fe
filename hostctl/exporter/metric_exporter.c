/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "hostctl/exporter/metric_list.h"

static void
simple_ns(MetricText *text, const char *name, MetricType type, const char *help, uint64_t ns)
{
    metric_family(text, name, type, help);
    metric_sample_ns(text, NULL, ns);
}

static void
available(MetricText *text, const char *source, bool is_there)
{
    metric_sample(text, (const MetricLabel[]){ { "source", source }, { NULL } }, is_there);
}

/* What guests tell: any of them is enough. */
static void
guest_sources(MetricText *text, const NodeView *view)
{
    bool counters = false, exits = false, resctrl = false;

    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *guest = view->guests->pdata[i];

        counters = counters || guest->source != COUNTER_SOURCE_AUTO;
        exits = exits || !isnan(guest->exits);
        resctrl = resctrl || guest->has_resctrl;
    }
    if (view->guests->len == 0)
        return;
    available(text, "counters", counters);
    available(text, "exits", exits);
    available(text, "resctrl", resctrl);
}

static void
sources(MetricText *text, const ExporterStats *stats, const NodeView *view)
{
    metric_family(text, "insideout_source_available", METRIC_GAUGE,
                  "1: this node tells it; 0: it does not.");
    if (view) {
        available(text, "blame", view->has_blame);
        available(text, "ksm", view->has_ksm);
        available(text, "pressure", view->has_pressure);
        guest_sources(text, view);
    }
    if (stats->wants_ring)
        available(text, "ring", stats->has_ring);
}

static void
ticks(MetricText *text, const ExporterStats *stats)
{
    metric_simple(text, "insideout_snapshot_age_seconds", METRIC_GAUGE,
                  "Since the look that the values are from.", stats->age_seconds);
    metric_simple(text, "insideout_tick_interval_seconds", METRIC_GAUGE,
                  "Planned between two looks.", stats->interval_seconds);
    simple_ns(text, "insideout_tick_last_seconds", METRIC_GAUGE, "How long the last look took.",
              stats->last_tick_ns);
    simple_ns(text, "insideout_tick_seconds_total", METRIC_COUNTER, "All looks took.",
              stats->tick_ns);
    metric_simple(text, "insideout_ticks_total", METRIC_COUNTER, "Looks at the node.",
                  stats->ticks);
    metric_simple(text, "insideout_tick_failures_total", METRIC_COUNTER, "Looks that failed.",
                  stats->tick_failures);
    simple_ns(text, "insideout_scrape_last_seconds", METRIC_GAUGE,
              "Writing the answer to the last scrape took.", stats->last_scrape_ns);
    simple_ns(text, "insideout_scrape_seconds_total", METRIC_COUNTER, "Writing all answers took.",
              stats->scrape_ns);
    metric_simple(text, "insideout_scrapes_total", METRIC_COUNTER, "Scrapes answered.",
                  stats->scrapes);
    simple_ns(text, "insideout_process_cpu_seconds_total", METRIC_COUNTER,
              "CPU time of the exporter, user and system.", stats->process_cpu_ns);
}

static void
ring(MetricText *text, const ExporterStats *stats)
{
    if (!stats->wants_ring)
        return;
    metric_simple(text, "insideout_ring_records_total", METRIC_COUNTER,
                  "Records written to the ring on disk.", stats->ring_records);
    metric_simple(text, "insideout_ring_failures_total", METRIC_COUNTER,
                  "Records that could not be written.", stats->ring_failures);
    metric_simple(text, "insideout_ring_span_seconds", METRIC_GAUGE,
                  "How far back the ring reaches.", stats->ring_span_seconds);
}

void
metric_list_exporter(MetricText *text, const ExporterStats *stats, const Ledger *ledger)
{
    metric_simple(text, "insideout_up", METRIC_GAUGE,
                  "1: the last look at the node succeeded; 0: it failed, the values are older.",
                  stats->up);
    metric_family(text, "insideout_build_info", METRIC_GAUGE, "Always 1.");
    metric_sample(text, (const MetricLabel[]){ { "version", INSIDEOUT_VERSION }, { NULL } }, 1);
    sources(text, stats, ledger->view);
    ticks(text, stats);
    if (ledger->view && ledger->view->has_blame) {
        metric_simple(text, "insideout_blame_unnamed_total", METRIC_COUNTER,
                      "Pieces of waiting that had no room in the kernel's tables.",
                      ledger->view->blame_unnamed);
        metric_simple(text, "insideout_blame_unwatched_vcpus", METRIC_GAUGE,
                      "vCPUs beyond the number that can be watched.", ledger->view->unwatched);
    }
    ring(text, stats);
}
