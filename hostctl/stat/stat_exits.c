/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/stat/stat_exits.h"

#include <string.h>

#define NAME_PREFIX "exits:"
#define NAME_BYTES (sizeof NAME_PREFIX + EXIT_REASON_BYTES)

struct StatExits {
    Exits *exits;
    pid_t thread;
    GArray *last; /* ExitSum of the call before, in the same order */
    char names[STAT_EXIT_ROWS_MAX][NAME_BYTES];
};

StatExits *
stat_exits_new(Exits *exits, pid_t thread, GError **error)
{
    StatExits *reasons;
    bool watched;

    if (!exits_watch(exits, thread, &watched, error) || !watched)
        return NULL;
    reasons = g_new0(StatExits, 1);
    reasons->exits = exits;
    reasons->thread = thread;
    reasons->last = g_array_new(FALSE, FALSE, sizeof(ExitSum));
    return reasons;
}

void
stat_exits_free(StatExits *reasons)
{
    if (!reasons)
        return;

    exits_forget(reasons->exits, reasons->thread);
    g_array_unref(reasons->last);
    g_free(reasons);
}

static ExitSum
grown(const StatExits *reasons, const ExitSum *now)
{
    ExitSum growth = *now;

    for (guint i = 0; i < reasons->last->len; i++) {
        const ExitSum *before = &g_array_index(reasons->last, ExitSum, i);

        if (before->isa != now->isa || before->reason != now->reason)
            continue;
        growth.count -= before->count;
        growth.time_ns -= before->time_ns;
    }
    return growth;
}

static int
by_time(const void *a, const void *b)
{
    const ExitSum *left = a, *right = b;

    if (left->time_ns != right->time_ns)
        return left->time_ns > right->time_ns ? -1 : 1;
    return left->count > right->count ? -1 : left->count < right->count;
}

static void
fill_row(const ExitSum *growth, const char *name, StatRow *row)
{
    *row = (StatRow){
        .name = name,
        .mode = "host",
        .source = "tracepoint",
        .supported = true,
        .value = (double) growth->count,
        .exit_reason = name + strlen(NAME_PREFIX),
        .exit_time_ns = growth->time_ns,
        .metric = { .value = (double) growth->time_ns / 1e6, .decimals = 3, .unit = "msec away" },
    };
}

/* What has no row of its own is added to the last one. */
static unsigned
fold(GArray *growths)
{
    unsigned n = MIN(growths->len, STAT_EXIT_ROWS_MAX);

    for (guint i = n; i < growths->len; i++) {
        ExitSum *rest = &g_array_index(growths, ExitSum, n - 1);

        rest->count += g_array_index(growths, ExitSum, i).count;
        rest->time_ns += g_array_index(growths, ExitSum, i).time_ns;
    }
    return n;
}

unsigned
stat_exits_rows(StatExits *reasons, StatRow rows[STAT_EXIT_ROWS_MAX])
{
    g_autoptr(GArray) growths = g_array_new(FALSE, FALSE, sizeof(ExitSum));
    const ExitSum *now;
    guint n_now;
    unsigned n;

    now = exits_of(reasons->exits, reasons->thread, &n_now);
    for (guint i = 0; i < n_now; i++) {
        const ExitSum growth = grown(reasons, &now[i]);

        if (growth.count > 0 || growth.time_ns > 0)
            g_array_append_val(growths, growth);
    }
    g_array_sort(growths, by_time);
    n = fold(growths);
    for (unsigned i = 0; i < n; i++) {
        const ExitSum *growth = &g_array_index(growths, ExitSum, i);
        char name[EXIT_REASON_BYTES] = "others";

        if (i + 1 < n || n == growths->len)
            exit_reason_name(growth->isa, growth->reason, name);
        g_snprintf(reasons->names[i], NAME_BYTES, NAME_PREFIX "%s", name);
        fill_row(growth, reasons->names[i], &rows[i]);
    }
    g_array_set_size(reasons->last, 0);
    g_array_append_vals(reasons->last, now, n_now);
    return n;
}
