/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "hostctl/top/top_format.h"
#include "hostctl/top/top_render_private.h"

/* A wait of half the time fills the history's line. */
#define FULL_WAIT 0.5

static void
render_identity(const GuestView *guest, GPtrArray *lines)
{
    g_autofree char *name = top_name(guest->name);
    g_autofree char *title = guest->title ? top_name(guest->title) : NULL;

    top_add_text(lines, TOP_HEADING, "%s%s%s  %s", name, title ? "  " : "", title ? title : "",
                 guest->uuid ? guest->uuid : "");
    top_add_text(lines, top_verdict_style(guest->verdict), "%s  process %d  %u vCPUs, %s",
                 verdict_name(guest->verdict), guest->pid, guest->vcpus->len,
                 guest->tcg ? "translated" : "KVM");
}

static void
render_numbers(const TopState *state, const GuestView *guest, GPtrArray *lines)
{
    g_autofree char *run = top_percent(guest->run_ns / (state->view->seconds * 1e9));
    g_autofree char *wait = top_percent(guest_view_wait_ratio(guest));
    g_autofree char *rss = top_short_kib(guest->rss_kib);
    g_autofree char *given = top_short_kib(guest->memory_kib);
    g_autofree char *balloon = top_short_kib(guest->balloon_kib);

    top_add_text(lines, TOP_PLAIN, "run %s %% of a CPU   wait %s %%   memory %s of %s, balloon %s",
                 run, wait, rss, given, balloon);
    if (guest->source != COUNTER_SOURCE_AUTO)
        top_add_text(lines, TOP_PLAIN,
                     "%s counters: IPC %.2f  branch misses/cycle·1e4 %.2f  cache %.2f",
                     counter_source_name(guest->source),
                     guest_view_ratio(guest, VIEW_INSTRUCTIONS, VIEW_CYCLES),
                     1e4 * guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES),
                     1e4 * guest_view_ratio(guest, VIEW_CACHE_MISSES, VIEW_CYCLES));
    if (guest->cgroup.quota_percent != ABSENT_U64)
        top_add_text(lines, TOP_PLAIN, "CPU quota %ju %% of a CPU",
                     (uintmax_t) guest->cgroup.quota_percent);
    if (guest->io_stalled_us != ABSENT_U64)
        top_add_text(lines, TOP_PLAIN, "disks held it up for %.1f ms/s",
                     guest->io_stalled_us / 1e3 / state->view->seconds);
}

static double
highest_branch(const TopState *state, const char *name)
{
    double highest = 1e-9;

    for (unsigned back = 0; back < TOP_HISTORY; back++) {
        double ratio = top_history_branch(state->history, name, back);

        if (ratio > highest)
            highest = ratio;
    }
    return highest;
}

static void
render_history(const TopState *state, const char *name, GPtrArray *lines)
{
    int width = MIN(state->width - 8, TOP_HISTORY);
    g_autofree char *wait =
        top_history_line(state->history, name, top_history_wait, width, FULL_WAIT);
    g_autofree char *branch = top_history_line(state->history, name, top_history_branch, width,
                                               highest_branch(state, name));

    top_add_text(lines, TOP_PLAIN, "wait    %s", wait);
    top_add_text(lines, TOP_PLAIN, "branch  %s", branch);
}

static void
render_causes(const TopState *state, const GuestView *guest, GPtrArray *lines)
{
    uint64_t sum_ns = 0;

    for (guint i = 0; i < guest->causes->len; i++)
        sum_ns += ((const CauseView *) guest->causes->pdata[i])->wait_ns;
    top_add_text(lines, TOP_HEADING, "%-30s %-7s %9s %7s", "WAITED FOR", "KIND", "ms/s", "SHARE");
    for (guint i = 0; i < guest->causes->len; i++) {
        const CauseView *cause = guest->causes->pdata[i];
        g_autofree char *label = top_cause_label(cause);
        GString *line = g_string_new(NULL);

        top_append_left(line, label, 30);
        g_string_append_printf(line, " %-7s %9.2f %6.1f%%", blame_kind_name(cause->kind),
                               cause->wait_ns / 1e6 / state->view->seconds,
                               100.0 * cause->wait_ns / sum_ns);
        top_add_line(lines, TOP_PLAIN, g_string_free(line, FALSE));
    }
}

void
top_render_guest(const TopState *state, GPtrArray *lines)
{
    const GuestView *guest = state->selected ? node_view_find(state->view, state->selected) : NULL;
    g_autofree char *name = top_name(state->selected ? state->selected : "-");

    if (!guest) {
        top_add_text(lines, TOP_WARNING, "guest %s is gone", name);
        if (state->selected)
            render_history(state, state->selected, lines);
        return;
    }
    render_identity(guest, lines);
    render_numbers(state, guest, lines);
    render_history(state, guest->name, lines);
    render_causes(state, guest, lines);
}

static const char *const help_lines[] = {
    "GUEST    its name, or what nova, oVirt or its title calls it",
    "RUN%     of one CPU, all its vCPUs together",
    "WAIT%    of the time it wanted to run it waited for a CPU",
    "BEHIND   what it waited for most: a guest, a host task, (self), (quota),",
    "         (wakeup) of an idle CPU",
    "IPC      instructions per cycle   BR, CA  branch and cache misses per",
    "         cycle, times 10000",
    "EX/s     VM exits   BALL  memory the balloon leaves it   KSM  its pages",
    "         that are merged",
    "VERDICT  ok: waits under 2 %, waits: under 5 %, contended, throttled by its",
    "         quota, idle",
    "",
    "m  matrix: who waits behind whom, ms in each second",
    "Enter  one guest with its history   Esc  back   arrows, Page keys  move",
    "s  sort by wait, run, name   f, space  freeze   h, ?  help   q  quit",
};

void
top_render_help(const TopState *state, GPtrArray *lines)
{
    for (size_t i = 0; i < G_N_ELEMENTS(help_lines); i++)
        top_add_text(lines, TOP_PLAIN, "%s", help_lines[i]);
}
