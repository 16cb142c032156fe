/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who waits (rows) behind whom (columns), in ms of each second. */
#include <string.h>

#include "hostctl/top/top_format.h"
#include "hostctl/top/top_render_private.h"

#define VICTIM_WIDTH 16
#define CELL_WIDTH 9 /* with its blank */

/* What somebody cost all guests together. */
typedef struct {
    char *label;
    BlameKind kind;
    uint64_t wait_ns;
} Culprit;

static void
culprit_free(void *data)
{
    Culprit *culprit = data;

    g_free(culprit->label);
    g_free(culprit);
}

static int
compare_culprits(const void *a, const void *b)
{
    const Culprit *left = *(Culprit *const *) a, *right = *(Culprit *const *) b;

    if (left->wait_ns != right->wait_ns)
        return left->wait_ns > right->wait_ns ? -1 : 1;
    return strcmp(left->label, right->label);
}

static bool
is_by(const CauseView *cause, const Culprit *culprit)
{
    g_autofree char *label = top_cause_label(cause);

    return cause->kind == culprit->kind && g_str_equal(label, culprit->label);
}

static void
count(GPtrArray *culprits, GHashTable *known, const CauseView *cause)
{
    g_autofree char *label = top_cause_label(cause);
    g_autofree char *key = g_strdup_printf("%d %s", (int) cause->kind, label);
    Culprit *culprit = g_hash_table_lookup(known, key);

    if (!culprit) {
        culprit = g_new0(Culprit, 1);
        culprit->label = g_strdup(label);
        culprit->kind = cause->kind;
        g_hash_table_insert(known, g_steal_pointer(&key), culprit);
        g_ptr_array_add(culprits, culprit);
    }
    culprit->wait_ns += cause->wait_ns;
}

/* All culprits of the node, the worst first. */
static GPtrArray *
find_culprits(const NodeView *view)
{
    GPtrArray *culprits = g_ptr_array_new_with_free_func(culprit_free);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < view->guests->len; i++) {
        const GuestView *guest = view->guests->pdata[i];

        for (guint k = 0; k < guest->causes->len; k++)
            count(culprits, known, guest->causes->pdata[k]);
    }
    if (culprits->len > 0)
        qsort(culprits->pdata, culprits->len, sizeof culprits->pdata[0], compare_culprits);
    return culprits;
}

static void
append_ms(GString *line, double ns, double seconds)
{
    double ms = ns / 1e6 / seconds;
    g_autofree char *text = ms < 0.05  ? g_strdup(".")
                            : ms < 100 ? g_strdup_printf("%.1f", ms)
                                       : g_strdup_printf("%.0f", ms);

    g_string_append_c(line, ' ');
    top_append_right(line, text, CELL_WIDTH - 1);
}

static char *
row(const NodeView *view, const GuestView *guest, const GPtrArray *culprits, guint n)
{
    GString *line = g_string_new(NULL);
    g_autofree char *name = top_name(guest->title ? guest->title : guest->name);
    uint64_t sum_ns = 0, shown_ns = 0;

    for (guint i = 0; i < guest->causes->len; i++)
        sum_ns += ((const CauseView *) guest->causes->pdata[i])->wait_ns;
    top_append_left(line, name, VICTIM_WIDTH);
    append_ms(line, sum_ns, view->seconds);
    for (guint i = 0; i < n; i++) {
        uint64_t ns = 0;

        for (guint k = 0; k < guest->causes->len; k++)
            if (is_by(guest->causes->pdata[k], culprits->pdata[i]))
                ns += ((const CauseView *) guest->causes->pdata[k])->wait_ns;
        append_ms(line, ns, view->seconds);
        shown_ns += ns;
    }
    if (culprits->len > n)
        append_ms(line, sum_ns - shown_ns, view->seconds);
    return g_string_free(line, FALSE);
}

static char *
heading(const GPtrArray *culprits, guint n)
{
    GString *line = g_string_new(NULL);

    top_append_left(line, "ms/s  WHO WAITS", VICTIM_WIDTH);
    top_append_right(line, "ALL", CELL_WIDTH);
    for (guint i = 0; i < n; i++) {
        g_string_append_c(line, ' ');
        top_append_right(line, ((const Culprit *) culprits->pdata[i])->label, CELL_WIDTH - 1);
    }
    if (culprits->len > n)
        top_append_right(line, "others", CELL_WIDTH);
    return g_string_free(line, FALSE);
}

void
top_render_matrix(const TopState *state, GPtrArray *lines)
{
    g_autoptr(GPtrArray) guests = top_state_guests(state);
    g_autoptr(GPtrArray) culprits = find_culprits(state->view);
    int room = (state->width - VICTIM_WIDTH) / CELL_WIDTH - 2;
    guint n = MIN(culprits->len, (guint) MAX(1, room));
    guint selected = top_state_row(state, guests), rows = (guint) top_state_rows(state);
    guint first = selected >= rows ? selected - rows + 1 : 0;

    top_add_line(lines, TOP_HEADING, heading(culprits, n));
    if (!state->view->has_blame)
        top_add_text(lines, TOP_WARNING, "%s", state->view->no_blame);
    for (guint i = first; i < guests->len && i < first + rows; i++) {
        const GuestView *guest = guests->pdata[i];

        top_add_line(lines,
                     i == selected && state->selected ? TOP_SELECTED
                                                      : top_verdict_style(guest->verdict),
                     row(state->view, guest, culprits, n));
    }
}
