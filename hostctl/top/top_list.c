/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>

#include "hostctl/top/top_format.h"
#include "hostctl/top/top_render_private.h"

typedef struct {
    const char *heading;
    int width;    /* the two names share what is left */
    bool is_name; /* to the left, and wider where there is room */
    char *(*cell)(const TopState *state, const GuestView *guest);
} Column;

static char *
cell_name(const TopState *state, const GuestView *guest)
{
    return top_name(guest->title ? guest->title : guest->name);
}

static char *
cell_run(const TopState *state, const GuestView *guest)
{
    return top_percent(guest->run_ns / (state->view->seconds * 1e9));
}

static char *
cell_wait(const TopState *state, const GuestView *guest)
{
    return top_percent(guest_view_wait_ratio(guest));
}

static char *
cell_worst(const TopState *state, const GuestView *guest)
{
    return top_cause_label(guest_view_worst(guest));
}

static char *
cell_ipc(const TopState *state, const GuestView *guest)
{
    double ipc = guest_view_ratio(guest, VIEW_INSTRUCTIONS, VIEW_CYCLES);

    return isfinite(ipc) ? g_strdup_printf("%.2f", ipc) : g_strdup("-");
}

static char *
cell_branch(const TopState *state, const GuestView *guest)
{
    return top_short_number(1e4 * guest_view_ratio(guest, VIEW_BRANCH_MISSES, VIEW_CYCLES));
}

static char *
cell_cache(const TopState *state, const GuestView *guest)
{
    return top_short_number(1e4 * guest_view_ratio(guest, VIEW_CACHE_MISSES, VIEW_CYCLES));
}

static char *
cell_exits(const TopState *state, const GuestView *guest)
{
    return top_short_number(guest->exits / state->view->seconds);
}

static char *
cell_balloon(const TopState *state, const GuestView *guest)
{
    return top_short_kib(guest->balloon_kib);
}

static char *
cell_merged(const TopState *state, const GuestView *guest)
{
    return guest->merged_pages == ABSENT_U64 ? g_strdup("-")
                                             : top_short_number(guest->merged_pages);
}

static char *
cell_verdict(const TopState *state, const GuestView *guest)
{
    return g_strdup(verdict_name(guest->verdict));
}

static const Column columns[] = {
    { "GUEST", 13, true, cell_name },     { "RUN%", 5, false, cell_run },
    { "WAIT%", 5, false, cell_wait },     { "BEHIND", 13, true, cell_worst },
    { "IPC", 4, false, cell_ipc },        { "BR", 4, false, cell_branch },
    { "CA", 4, false, cell_cache },       { "EX/s", 4, false, cell_exits },
    { "BALL", 4, false, cell_balloon },   { "KSM", 4, false, cell_merged },
    { "VERDICT", 9, true, cell_verdict },
};

/* What the two columns of names get beyond their least width. */
static int
spare_width(int width)
{
    int spare = width - ((int) G_N_ELEMENTS(columns) - 1);

    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        spare -= columns[i].width;
    return MAX(0, spare);
}

static void
append_cell(GString *line, size_t i, const char *text, int width)
{
    const Column *column = &columns[i];
    int more =
        column->is_name && i + 1 < G_N_ELEMENTS(columns) ? MIN(spare_width(width) / 2, 40) : 0;

    if (i > 0)
        g_string_append_c(line, ' ');
    if (column->is_name)
        top_append_left(line, text, column->width + more);
    else
        top_append_right(line, text, column->width);
}

static char *
heading_line(int width)
{
    GString *line = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++)
        append_cell(line, i, columns[i].heading, width);
    return g_strchomp(g_string_free(line, FALSE));
}

static char *
guest_line(const TopState *state, const GuestView *guest, int width)
{
    GString *line = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(columns); i++) {
        g_autofree char *text = columns[i].cell(state, guest);

        append_cell(line, i, text, width);
    }
    return g_strchomp(g_string_free(line, FALSE));
}

void
top_render_list(const TopState *state, GPtrArray *lines)
{
    g_autoptr(GPtrArray) guests = top_state_guests(state);
    guint selected = top_state_row(state, guests);
    guint rows = (guint) top_state_rows(state);
    guint first = selected >= rows ? selected - rows + 1 : 0;

    top_add_line(lines, TOP_HEADING, heading_line(state->width));
    if (guests->len == 0)
        top_add_text(lines, TOP_PLAIN, "no guest runs on this host");
    for (guint i = first; i < guests->len && i < first + rows; i++) {
        const GuestView *guest = guests->pdata[i];

        top_add_line(lines,
                     i == selected && state->selected ? TOP_SELECTED
                                                      : top_verdict_style(guest->verdict),
                     guest_line(state, guest, state->width));
    }
}

void
top_print_list(const TopState *state, FILE *out)
{
    g_autoptr(GPtrArray) guests = top_state_guests(state);
    g_autoptr(GPtrArray) header = g_ptr_array_new();
    g_autofree char *heading = heading_line(state->width);

    top_render_header(state, header);
    for (guint i = 0; i < header->len; i++) {
        TopLine *line = header->pdata[i];

        fprintf(out, "%s\n", line->text);
        g_free(line->text);
        g_free(line);
    }
    fprintf(out, "%s\n", heading);
    for (guint i = 0; i < guests->len; i++) {
        g_autofree char *line = guest_line(state, guests->pdata[i], state->width);

        fprintf(out, "%s\n", line);
    }
    fprintf(out, "\n");
}
