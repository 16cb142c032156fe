/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/moment.h"
#include "common/json/builder.h"
#include "hostctl/collect/qemu_process.h"
#include "hostctl/command.h"
#include "hostctl/ring/look_back.h"
#include "hostctl/ring/ring_place.h"
#include "hostctl/subcommand.h"
#include "hostctl/view/explanation.h"
#include "hostctl/view/node_watch.h"
#include "hostctl/virt/domain_facts.h"

#define DEFAULT_SECONDS 10.0
#define DEFAULT_PAST_SECONDS 60.0
#define MOST_SECONDS 3600.0

typedef struct {
    double seconds; /* 0: not given */
    char *at, *ring;
    gboolean json;
    gboolean no_counters;
} ExplainOptions;

static void
print_explanation(const Explanation *explanation, bool json)
{
    g_autoptr(JsonBuilder) builder = NULL;

    if (!json) {
        explanation_print(explanation, stdout);
        return;
    }
    builder = json_builder_new();
    explanation_build_json(explanation, builder);
    json_print(builder, stdout);
}

static bool
explain_now(const CommandContext *context, const char *domain, const ExplainOptions *explain,
            GError **error)
{
    g_autoptr(QemuProcess) process = NULL;
    NodeWatchOptions options = { .counters = !explain->no_counters,
                                 .blame = true,
                                 .facts = domain_facts_find };
    g_autoptr(DomainFacts) facts = NULL;
    g_autoptr(NodeWatch) watch = NULL;
    g_autoptr(NodeView) view = NULL;
    g_autoptr(Explanation) explanation = NULL;
    const GuestView *guest;

    if (!qemu_process_find(context->root, domain, &process, error))
        return false;
    options.counters_of = process->guest;
    options.facts_data = facts = domain_facts_new(context->uri, context->root);
    if (!node_watch_new(context->root, &options, &watch, error) ||
        !interrupt_sleep_shown(context->interrupt, (int64_t) (explain->seconds * NS_PER_SECOND),
                               "watching", error) ||
        !node_watch_take(watch, &view, error))
        return false;
    guest = node_view_find(view, process->guest);
    if (!guest)
        return failure_set(error, FAILURE_FAILED, "guest “%s” ended while it was watched", domain);

    explanation = explanation_new(context->root, view, guest, view->seconds, NAN);
    print_explanation(explanation, explain->json);
    return true;
}

/* The guest's name by its UUID while it still runs; in the ring it has only its name. */
static char *
name_in_ring(const Sysroot *root, const char *domain)
{
    g_autoptr(QemuProcess) process = NULL;

    if (g_uuid_string_is_valid(domain) && qemu_process_find(root, domain, &process, NULL))
        return g_strdup(process->guest);
    return g_strdup(domain);
}

static bool
explain_then(const CommandContext *context, const char *domain, const ExplainOptions *explain,
             GError **error)
{
    g_autofree char *path = explain->ring ? g_strdup(explain->ring) : ring_place_to_read();
    g_autofree char *name = name_in_ring(context->root, domain);
    double seconds = explain->seconds > 0 ? explain->seconds : DEFAULT_PAST_SECONDS;
    g_auto(LookBack) look = { 0 };
    g_autoptr(Explanation) explanation = NULL;
    int64_t from_ns;

    if (!moment_parse(explain->at, clock_wall_ns(), &from_ns, error) ||
        !look_back(path, name, from_ns, from_ns + (int64_t) (seconds * NS_PER_SECOND), &look,
                   error))
        return false;
    explanation = explanation_new(context->root, look.view, look.guest, look.view->seconds, NAN);
    if (!explain->json) {
        g_autofree char *from = moment_print(look.from_ns);
        g_autofree char *to = moment_print(look.to_ns);

        printf("From %s to %s (%.0f s recorded):\n", from, to, look.view->seconds);
    }
    print_explanation(explanation, explain->json);
    return true;
}

static void
clear_options(ExplainOptions *options)
{
    g_free(options->at);
    g_free(options->ring);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExplainOptions, clear_options)

bool
cmd_explain(const CommandContext *context, int argc, char **argv, GError **error)
{
    g_auto(ExplainOptions) explain = { 0 };
    const GOptionEntry options[] = {
        { "for", 0, 0, G_OPTION_ARG_DOUBLE, &explain.seconds,
          "Watch for so many seconds (default 10; with --at 60)", "SECONDS" },
        { "at", 0, 0, G_OPTION_ARG_STRING, &explain.at,
          "Look back: from 14:05 or 2026-11-21T14:05:00Z on, where the exporter ran", "TIME" },
        { "ring", 0, 0, G_OPTION_ARG_FILENAME, &explain.ring, "With --at: the exporter's record",
          "FILE" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &explain.json, "Print one JSON document", NULL },
        { "no-counters", 0, 0, G_OPTION_ARG_NONE, &explain.no_counters,
          "Open no performance counters", NULL },
        G_OPTION_ENTRY_NULL,
    };

    if (!subcommand_parse("DOMAIN - who or what a guest waits for", options, 1, 1, &argc, &argv,
                          error))
        return false;
    if (!(explain.seconds >= 0 && explain.seconds <= MOST_SECONDS))
        return failure_set(error, FAILURE_USAGE, "--for wants 0.1 to %.0f seconds", MOST_SECONDS);
    if (explain.ring && !explain.at)
        return failure_set(error, FAILURE_USAGE, "--ring goes with --at TIME");
    if (explain.at)
        return explain_then(context, argv[1], &explain, error);
    if (explain.seconds == 0)
        explain.seconds = DEFAULT_SECONDS;
    return explain_now(context, argv[1], &explain, error);
}
