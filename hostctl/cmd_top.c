/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/base/json_text.h"
#include "hostctl/command.h"
#include "hostctl/subcommand.h"
#include "hostctl/top/top_render.h"
#include "hostctl/top/top_screen.h"
#include "hostctl/view/node_json.h"
#include "hostctl/virt/domain_facts.h"

#define BATCH_WIDTH 132

typedef struct {
    double interval_seconds;
    int count; /* 0: until a signal comes */
    gboolean batch, json, no_counters;
} TopOptions;

/* One object a line. */
static void
print_json(const NodeView *view)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *text = NULL, *tame = NULL;

    node_view_build_json(view, builder);
    node = json_builder_get_root(builder);
    text = json_to_string(node, FALSE);
    tame = json_text_tame(text);
    printf("%s\n", tame);
    fflush(stdout);
}

/* A signal is the way to end this, not a failure. */
static bool
run_batch(const CommandContext *context, NodeWatch *watch, const TopOptions *top, GError **error)
{
    int64_t interval_ns = (int64_t) (top->interval_seconds * NS_PER_SECOND);
    int64_t next_ns = clock_raw_ns();
    TopState state;
    bool ok = true;

    top_state_init(&state, top->interval_seconds);
    state.width = BATCH_WIDTH;
    for (int i = 0; ok && (top->count == 0 || i < top->count); i++) {
        NodeView *view = NULL;

        next_ns += interval_ns;
        if (!interrupt_sleep_until(context->interrupt, next_ns, NULL))
            break;
        ok = node_watch_take(watch, &view, error);
        if (!ok)
            break;
        top_state_take(&state, view);
        if (top->json)
            print_json(state.view);
        else
            top_print_list(&state, stdout);
        fflush(stdout);
    }
    top_state_clear(&state);
    return ok;
}

bool
cmd_top(const CommandContext *context, int argc, char **argv, GError **error)
{
    TopOptions top = { .interval_seconds = 2 };
    const GOptionEntry options[] = {
        { "interval", 'i', 0, G_OPTION_ARG_DOUBLE, &top.interval_seconds,
          "Seconds between two looks (2)", "SECONDS" },
        { "batch", 'b', 0, G_OPTION_ARG_NONE, &top.batch, "Print tables instead of a screen",
          NULL },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &top.json, "Print one JSON object a line", NULL },
        { "count", 'n', 0, G_OPTION_ARG_INT, &top.count,
          "With --batch or --json: end after so many looks", "N" },
        { "no-counters", 0, 0, G_OPTION_ARG_NONE, &top.no_counters, "Open no performance counters",
          NULL },
        G_OPTION_ENTRY_NULL,
    };
    NodeWatchOptions watch_options = { .blame = true, .facts = domain_facts_find };
    g_autoptr(DomainFacts) facts = NULL;
    g_autoptr(NodeWatch) watch = NULL;

    if (!subcommand_parse("- guests as they run, and who waits behind whom", options, 0, 0, &argc,
                          &argv, error))
        return false;
    if (!(top.interval_seconds >= 0.1 && top.interval_seconds <= 3600) || top.count < 0)
        return failure_set(error, FAILURE_USAGE,
                           "--interval wants 0.1 to 3600 seconds, --count no negative number");

    watch_options.counters = !top.no_counters;
    watch_options.facts_data = facts = domain_facts_new(context->uri, context->root);
    if (!node_watch_new(context->root, &watch_options, &watch, error))
        return false;
    return top.batch || top.json
               ? run_batch(context, watch, &top, error)
               : top_screen_run(watch, top.interval_seconds, context->interrupt, error);
}
