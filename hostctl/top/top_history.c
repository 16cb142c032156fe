/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/top/top_history.h"

#include <math.h>

typedef struct {
    GuestHistory values;
    unsigned last; /* the interval in which it was last seen */
} Remembered;

struct TopHistory {
    GHashTable *guests; /* name -> Remembered */
    unsigned intervals;
};

TopHistory *
top_history_new(void)
{
    TopHistory *history = g_new0(TopHistory, 1);

    history->guests = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return history;
}

void
top_history_free(TopHistory *history)
{
    if (!history)
        return;

    g_hash_table_unref(history->guests);
    g_free(history);
}

static void
remember(GuestHistory *values, double wait_ratio, double branch_ratio)
{
    values->wait_ratio[values->n % TOP_HISTORY] = wait_ratio;
    values->branch_ratio[values->n % TOP_HISTORY] = branch_ratio;
    values->n++;
}

static gboolean
is_forgotten(void *name, void *value, void *data)
{
    const Remembered *remembered = value;
    const TopHistory *history = data;

    return history->intervals - remembered->last >= TOP_HISTORY;
}

void
top_history_add(TopHistory *history, const NodeView *view)
{
    GHashTableIter iter;
    void *value;

    history->intervals++;
    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *guest = view->guests->pdata[i];
        Remembered *remembered = g_hash_table_lookup(history->guests, guest->name);

        if (!remembered) {
            remembered = g_new0(Remembered, 1);
            g_hash_table_insert(history->guests, g_strdup(guest->name), remembered);
        }
        if (remembered->last == history->intervals)
            continue;
        remembered->last = history->intervals;
        remember(&remembered->values, guest_view_wait_ratio(guest),
                 guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES));
    }
    g_hash_table_iter_init(&iter, history->guests);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((Remembered *) value)->last != history->intervals)
            remember(&((Remembered *) value)->values, NAN, NAN);
    g_hash_table_foreach_remove(history->guests, is_forgotten, history);
}

static const GuestHistory *
find(const TopHistory *history, const char *guest, unsigned back)
{
    const Remembered *remembered = g_hash_table_lookup(history->guests, guest);

    return remembered && back < MIN(remembered->values.n, TOP_HISTORY) ? &remembered->values : NULL;
}

double
top_history_wait(const TopHistory *history, const char *guest, unsigned back)
{
    const GuestHistory *values = find(history, guest, back);

    return values ? values->wait_ratio[(values->n - 1 - back) % TOP_HISTORY] : NAN;
}

double
top_history_branch(const TopHistory *history, const char *guest, unsigned back)
{
    const GuestHistory *values = find(history, guest, back);

    return values ? values->branch_ratio[(values->n - 1 - back) % TOP_HISTORY] : NAN;
}

char *
top_history_line(const TopHistory *history, const char *guest,
                 double (*value)(const TopHistory *, const char *, unsigned), int width,
                 double full)
{
    static const char levels[] = "_.:-=+*#%@";
    GString *line = g_string_new(NULL);

    for (int i = width - 1; i >= 0; i--) {
        double level = value(history, guest, (unsigned) i) / full * (sizeof levels - 1);

        if (isnan(level))
            g_string_append_c(line, ' ');
        else
            g_string_append_c(line, levels[(size_t) CLAMP(level, 0, sizeof levels - 2)]);
    }
    return g_string_free(line, FALSE);
}
