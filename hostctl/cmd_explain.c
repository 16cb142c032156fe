/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/collect/qemu_process.h"
#include "hostctl/command.h"
#include "hostctl/json_print.h"
#include "hostctl/subcommand.h"
#include "hostctl/view/explanation.h"
#include "hostctl/view/node_watch.h"

#define DEFAULT_SECONDS 10.0
#define MOST_SECONDS 3600.0

typedef struct {
    double seconds;
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
    NodeWatchOptions options = { .counters = !explain->no_counters, .blame = true };
    g_autoptr(NodeWatch) watch = NULL;
    g_autoptr(NodeView) view = NULL;
    g_autoptr(Explanation) explanation = NULL;
    const GuestView *guest;

    if (!qemu_process_find(context->root, domain, &process, error))
        return false;
    options.counters_of = process->guest;
    if (!node_watch_new(context->root, &options, &watch, error) ||
        !interrupt_sleep(context->interrupt, explain->seconds * NS_PER_SECOND, error) ||
        !node_watch_take(watch, &view, error))
        return false;
    guest = node_view_find(view, process->guest);
    if (!guest)
        return failure_set(error, FAILURE_FAILED, "guest “%s” ended while it was watched", domain);

    explanation = explanation_new(context->root, view, guest, view->seconds, NAN);
    print_explanation(explanation, explain->json);
    return true;
}

bool
cmd_explain(const CommandContext *context, int argc, char **argv, GError **error)
{
    ExplainOptions explain = { .seconds = DEFAULT_SECONDS };
    const GOptionEntry options[] = {
        { "for", 0, 0, G_OPTION_ARG_DOUBLE, &explain.seconds,
          "Watch for so many seconds (default 10)", "SECONDS" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &explain.json, "Print one JSON document", NULL },
        { "no-counters", 0, 0, G_OPTION_ARG_NONE, &explain.no_counters,
          "Open no performance counters", NULL },
        G_OPTION_ENTRY_NULL,
    };

    if (!subcommand_parse("DOMAIN - who or what a guest waits for", options, 1, 1, &argc, &argv,
                          error))
        return false;
    if (!(explain.seconds > 0 && explain.seconds <= MOST_SECONDS))
        return failure_set(error, FAILURE_USAGE, "--for wants 0.1 to %.0f seconds", MOST_SECONDS);
    return explain_now(context, argv[1], &explain, error);
}
