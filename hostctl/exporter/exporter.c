/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/exporter/exporter.h"

#include <math.h>
#include <time.h>

#include "common/base/clock.h"
#include "hostctl/ring/ring_gather.h"

struct Exporter {
    RingWriter *ring;
    RingGather *gather;
    GMutex lock; /* guards what follows */
    Ledger *ledger;
    ExporterStats stats;
    int64_t taken_ns;  /* when the last look was; 0: none yet */
    int64_t oldest_ns; /* in the ring, wall time; 0: nothing */
};

Exporter *
exporter_new(const ExporterOptions *options)
{
    Exporter *exporter = g_new0(Exporter, 1);

    g_mutex_init(&exporter->lock);
    exporter->ring = options->ring;
    exporter->gather = options->ring ? ring_gather_new() : NULL;
    exporter->ledger = ledger_new(options->culprits);
    exporter->stats.interval_seconds = options->interval_seconds;
    exporter->stats.wants_ring = options->wants_ring;
    exporter->stats.has_ring = options->ring != NULL;
    exporter->oldest_ns = options->ring ? ring_writer_oldest_ns(options->ring) : 0;
    return exporter;
}

void
exporter_free(Exporter *exporter)
{
    if (!exporter)
        return;

    g_mutex_clear(&exporter->lock);
    ring_gather_free(exporter->gather);
    ledger_free(exporter->ledger);
    g_free(exporter);
}

/* Writes outside of the lock: a slow disk holds up looks, and no page. */
static void
write_ring(Exporter *exporter, const NodeView *view, uint64_t *ret_written, uint64_t *ret_failed)
{
    g_autoptr(GArray) records = NULL;

    if (!exporter->ring)
        return;
    ring_gather_add(exporter->gather, view);
    if (!ring_gather_is_full(exporter->gather))
        return;
    records = ring_gather_take(exporter->gather);
    for (guint i = 0; i < records->len; i++)
        *(ring_writer_append(exporter->ring, &g_array_index(records, RingRecord, i), NULL)
              ? ret_written
              : ret_failed) += 1;
}

void
exporter_take(Exporter *exporter, NodeView *view)
{
    uint64_t written = 0, failed = 0;
    uint64_t tick_ns = (uint64_t) (view->take_seconds * 1e9);
    int64_t oldest_ns;

    write_ring(exporter, view, &written, &failed);
    oldest_ns = exporter->ring ? ring_writer_oldest_ns(exporter->ring) : 0;

    g_mutex_lock(&exporter->lock);
    ledger_take(exporter->ledger, view);
    exporter->taken_ns = clock_raw_ns();
    exporter->oldest_ns = oldest_ns;
    exporter->stats.up = true;
    exporter->stats.ticks++;
    exporter->stats.tick_ns += tick_ns;
    exporter->stats.last_tick_ns = tick_ns;
    exporter->stats.ring_records += written;
    exporter->stats.ring_failures += failed;
    if (written + failed > 0)
        exporter->stats.has_ring = failed == 0;
    g_mutex_unlock(&exporter->lock);
}

void
exporter_miss(Exporter *exporter)
{
    g_mutex_lock(&exporter->lock);
    exporter->stats.up = false;
    exporter->stats.tick_failures++;
    g_mutex_unlock(&exporter->lock);
}

static uint64_t
process_cpu_ns(void)
{
    struct timespec time;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) < 0)
        return 0;
    return (uint64_t) time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static void
refresh(Exporter *exporter)
{
    ExporterStats *stats = &exporter->stats;

    stats->age_seconds =
        exporter->taken_ns ? (clock_raw_ns() - exporter->taken_ns) / 1e9 : (double) NAN;
    stats->ring_span_seconds =
        exporter->oldest_ns ? (clock_wall_ns() - exporter->oldest_ns) / 1e9 : (double) NAN;
    stats->process_cpu_ns = process_cpu_ns();
}

char *
exporter_metrics(Exporter *exporter, bool openmetrics)
{
    int64_t begun_ns = clock_raw_ns();
    MetricText text;
    char *page;

    metric_text_begin(&text, openmetrics);
    g_mutex_lock(&exporter->lock);
    refresh(exporter);
    metric_list_exporter(&text, &exporter->stats, exporter->ledger);
    metric_list_node(&text, exporter->ledger);
    metric_list_guests(&text, exporter->ledger);
    page = metric_text_end(&text);
    exporter->stats.scrapes++;
    exporter->stats.last_scrape_ns = (uint64_t) (clock_raw_ns() - begun_ns);
    exporter->stats.scrape_ns += exporter->stats.last_scrape_ns;
    g_mutex_unlock(&exporter->lock);
    return page;
}

char *
exporter_index(Exporter *exporter)
{
    g_autoptr(GString) page = g_string_new("<!DOCTYPE html>\n<title>insideout</title>\n");
    const NodeView *view;

    g_mutex_lock(&exporter->lock);
    refresh(exporter);
    view = exporter->ledger->view;
    g_string_append_printf(
        page, "<h1>hostctl exporter %s</h1>\n<p><a href=\"/metrics\">Metrics</a></p>\n",
        INSIDEOUT_VERSION);
    if (view) {
        g_autofree char *why = view->has_blame ? NULL : g_markup_escape_text(view->no_blame, -1);

        g_string_append_printf(page, "<p>%u guests, looked at %.0f s ago.</p>\n", view->guests->len,
                               exporter->stats.age_seconds);
        if (why)
            g_string_append_printf(page, "<p>Behind whom they wait is not known: %s</p>\n", why);
    }
    g_mutex_unlock(&exporter->lock);
    return g_string_free(g_steal_pointer(&page), FALSE);
}

static char *
metrics_page(void *data, bool openmetrics)
{
    return exporter_metrics(data, openmetrics);
}

static char *
index_page(void *data)
{
    return exporter_index(data);
}

HttpPages
exporter_pages(Exporter *exporter)
{
    return (HttpPages){ .metrics = metrics_page, .index = index_page, .data = exporter };
}
