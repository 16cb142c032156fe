/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "common/base/moment.h"
#include "hostctl/top/top_format.h"
#include "hostctl/top/top_render_private.h"

/* A CPU busier than this, and memory below this, are worth a flag. */
#define HOT_CPU_RATIO 0.95
#define HOT_MEMORY_RATIO 0.1

static void
append_hot_cpus(GString *line, const NodeView *view)
{
    unsigned n = 0;

    for (guint i = 0; i < view->cpus->len; i++)
        n += g_array_index(view->cpus, CpuView, i).busy_ratio >= HOT_CPU_RATIO;
    if (n > 0)
        g_string_append_printf(line, "  CPU HOT: %u of %u", n, view->n_cpus);
}

static void
append_hot_memory(GString *line, const NodeView *view)
{
    const MemoryStats *memory = &view->memory;

    if (memory->total_kib > 0 &&
        (double) memory->available_kib / memory->total_kib < HOT_MEMORY_RATIO)
        g_string_append(line, "  MEMORY HOT");
    if (memory->swap_used_kib > 0) {
        g_autofree char *used = top_short_kib(memory->swap_used_kib);

        g_string_append_printf(line, "  swap %s", used);
    }
}

static void
render_ratios(const NodeView *view, GPtrArray *lines)
{
    g_autofree char *given = top_short_kib(view->memory_given_kib);
    g_autofree char *total = top_short_kib(view->memory.total_kib);
    g_autofree char *available = top_short_kib(view->memory.available_kib);

    top_add_text(lines, TOP_PLAIN,
                 "%u guests  vCPU:CPU %u:%u = %.2f  RAM given:there %s:%s = %.2f  available %s",
                 view->guests->len, view->n_vcpus, view->n_cpus, node_view_cpu_ratio(view), given,
                 total, node_view_memory_ratio(view), available);
}

static void
render_state(const NodeView *view, GPtrArray *lines)
{
    GString *line = g_string_new(NULL);
    bool hot;
    size_t calm;

    if (view->has_ksm) {
        g_autofree char *saved = top_short_kib(view->ksm.pages_sharing * 4);

        g_string_append_printf(line, "KSM %s, saved %s", view->ksm.run == 1 ? "on" : "off", saved);
        if (isfinite(view->ksmd_ratio))
            g_string_append_printf(line, ", ksmd %.1f %% of a CPU", 100 * view->ksmd_ratio);
    }
    calm = line->len;
    append_hot_cpus(line, view);
    append_hot_memory(line, view);
    if (!view->has_blame)
        g_string_append_printf(line, "  no blame: %s", view->no_blame);
    hot = line->len > calm;
    top_add_line(lines, hot ? TOP_WARNING : TOP_PLAIN, g_string_free(line, FALSE));
}

void
top_render_header(const TopState *state, GPtrArray *lines)
{
    const NodeView *view = state->view;
    g_autofree char *time = view ? moment_print_clock(view->wall_ns) : NULL;

    top_add_text(lines, TOP_PLAIN, "hostctl top  %s  %s  every %g s  by %s", state->host,
                 time ? time : "", state->interval_seconds, top_sort_name(state->sort));
    if (!view)
        return;
    render_ratios(view, lines);
    render_state(view, lines);
}
