/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/text.h"
#include "hostctl/command.h"
#include "hostctl/exporter/exporter.h"
#include "hostctl/exporter/http_server.h"
#include "hostctl/ring/ring_place.h"
#include "hostctl/subcommand.h"
#include "hostctl/view/node_watch.h"
#include "hostctl/virt/domain_facts.h"

#define DEFAULT_LISTEN "127.0.0.1:9178"
#define DEFAULT_SECONDS 5.0
#define DEFAULT_CULPRITS 10
#define MOST_CULPRITS 1000
#define DEFAULT_RING_SIZE "128M"

typedef struct {
    char *listen, *ring, *ring_size;
    double interval_seconds;
    int culprits;
    gboolean once, no_ring, no_counters;
} ExporterWords;

static void
clear_words(ExporterWords *words)
{
    g_free(words->listen);
    g_free(words->ring);
    g_free(words->ring_size);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExporterWords, clear_words)

static bool
check_words(const ExporterWords *words, ListenAddress *ret_address, uint64_t *ret_ring_kib,
            GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!(words->interval_seconds >= 0.1 && words->interval_seconds <= 3600))
        return failure_set(error, FAILURE_USAGE, "--interval wants 0.1 to 3600 seconds");
    if (words->culprits < 1 || words->culprits > MOST_CULPRITS)
        return failure_set(error, FAILURE_USAGE, "--culprits wants 1 to %d", MOST_CULPRITS);
    if (words->no_ring && words->ring)
        return failure_set(error, FAILURE_USAGE, "--ring and --no-ring exclude each other");
    if (!text_to_kib(words->ring_size ? words->ring_size : DEFAULT_RING_SIZE, 1, ret_ring_kib,
                     &problem) ||
        *ret_ring_kib < RING_LEAST_KIB || *ret_ring_kib > RING_MOST_KIB)
        return failure_set(error, FAILURE_USAGE, "--ring-size wants 1M to 8G");
    return listen_address_parse(words->listen ? words->listen : DEFAULT_LISTEN, ret_address, error);
}

/* A ring that was asked for must work; without the usual one the exporter is still of use. */
static bool
open_ring(const ExporterWords *words, uint64_t size_kib, RingWriter **ret_ring, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *path = words->ring ? g_strdup(words->ring) : ring_place_to_write();

    if (words->no_ring || words->once ||
        ring_writer_open(path, size_kib * 1024, ret_ring, &problem))
        return true;
    if (words->ring) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    fprintf(stderr, "hostctl exporter: goes on without a ring: %s\n", problem->message);
    return true;
}

/* Says what failed when it begins to fail, and not again at every look. */
static void
take(NodeWatch *watch, Exporter *exporter, bool *failing)
{
    g_autoptr(GError) problem = NULL;
    NodeView *view = NULL;

    if (node_watch_take(watch, &view, &problem)) {
        exporter_take(exporter, view);
    } else {
        exporter_miss(exporter);
        if (!*failing)
            fprintf(stderr, "hostctl exporter: %s\n", problem->message);
    }
    *failing = problem != NULL;
}

/* Looks until a signal comes: that is the way to end it, not a failure. */
static void
look_on(const CommandContext *context, NodeWatch *watch, Exporter *exporter, double seconds)
{
    int64_t interval_ns = (int64_t) (seconds * NS_PER_SECOND);
    int64_t next_ns = clock_raw_ns() + interval_ns;
    bool failing = false;

    while (interrupt_sleep_until(context->interrupt, next_ns, NULL)) {
        take(watch, exporter, &failing);
        next_ns = MAX(next_ns + interval_ns, clock_raw_ns());
    }
}

static bool
print_once(const CommandContext *context, NodeWatch *watch, Exporter *exporter, double seconds,
           GError **error)
{
    g_autofree char *page = NULL;
    NodeView *view = NULL;

    if (!interrupt_sleep(context->interrupt, (int64_t) (seconds * NS_PER_SECOND), error) ||
        !node_watch_take(watch, &view, error))
        return false;
    exporter_take(exporter, view);
    page = exporter_metrics(exporter, false);
    fputs(page, stdout);
    return true;
}

static bool
serve(const CommandContext *context, const ExporterWords *words, const ListenAddress *address,
      uint64_t ring_kib, GError **error)
{
    g_autoptr(DomainFacts) facts = domain_facts_new(context->uri, context->root);
    NodeWatchOptions watch_options = { .counters = !words->no_counters,
                                       .blame = true,
                                       .facts = domain_facts_find,
                                       .facts_data = facts };
    ExporterOptions options = {
        .interval_seconds = words->interval_seconds,
        .culprits = (unsigned) words->culprits,
        .wants_ring = !words->no_ring && !words->once,
    };
    g_autoptr(RingWriter) ring = NULL;
    g_autoptr(NodeWatch) watch = NULL;
    g_autoptr(Exporter) exporter = NULL;
    g_autoptr(HttpServer) server = NULL;
    HttpPages pages;

    if (!open_ring(words, ring_kib, &ring, error) ||
        !node_watch_new(context->root, &watch_options, &watch, error))
        return false;
    options.ring = ring;
    exporter = exporter_new(&options);
    pages = exporter_pages(exporter);
    if (words->once)
        return print_once(context, watch, exporter, words->interval_seconds, error);
    if (node_watch_no_blame(watch))
        fprintf(stderr, "hostctl exporter: behind whom guests wait is not known: %s\n",
                node_watch_no_blame(watch));
    if (!http_server_start(address, &pages, &server, error))
        return false;
    printf("%s\n", http_server_url(server));
    fflush(stdout);
    look_on(context, watch, exporter, words->interval_seconds);
    return true;
}

bool
cmd_exporter(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_auto(ExporterWords)
        words = { .interval_seconds = DEFAULT_SECONDS, .culprits = DEFAULT_CULPRITS };
    const GOptionEntry options[] = {
        { "listen", 'l', 0, G_OPTION_ARG_STRING, &words.listen,
          "Where to listen (" DEFAULT_LISTEN ")", "ADDRESS:PORT" },
        { "interval", 'i', 0, G_OPTION_ARG_DOUBLE, &words.interval_seconds,
          "Seconds between two looks (5)", "SECONDS" },
        { "culprits", 0, 0, G_OPTION_ARG_INT, &words.culprits,
          "Names behind which one guest waits, at most (10)", "N" },
        { "ring", 0, 0, G_OPTION_ARG_FILENAME, &words.ring,
          "The record for explain --at (exporter.ring in the state folder)", "FILE" },
        { "ring-size", 0, 0, G_OPTION_ARG_STRING, &words.ring_size,
          "How large it may grow (" DEFAULT_RING_SIZE "; a guest takes 2.1M a day)", "SIZE" },
        { "no-ring", 0, 0, G_OPTION_ARG_NONE, &words.no_ring, "Keep no record", NULL },
        { "no-counters", 0, 0, G_OPTION_ARG_NONE, &words.no_counters,
          "Open no performance counters", NULL },
        { "once", 0, 0, G_OPTION_ARG_NONE, &words.once, "Print the metrics of one interval and end",
          NULL },
        G_OPTION_ENTRY_NULL,
    };
    ListenAddress address;
    uint64_t ring_kib;

    if (!subcommand_parse("- metrics for Prometheus, and a record for explain --at", options, 0, 0,
                          &argc, &argv, error) ||
        !check_words(&words, &address, &ring_kib, error))
        return false;
    return serve(context, &words, &address, ring_kib, error);
}
