/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/top/top_state.h"

#include <string.h>
#include <unistd.h>

static const char *const sort_names[TOP_SORTS] = { "wait", "run", "name" };

const char *
top_sort_name(TopSort sort)
{
    return sort_names[sort];
}

void
top_state_init(TopState *state, double interval_seconds)
{
    char host[65] = "";

    gethostname(host, sizeof host - 1);
    *state = (TopState){
        .width = 80,
        .height = 24,
        .interval_seconds = interval_seconds,
        .host = g_strdup(host),
        .history = top_history_new(),
    };
}

void
top_state_clear(TopState *state)
{
    g_clear_pointer(&state->selected, g_free);
    g_clear_pointer(&state->host, g_free);
    g_clear_pointer(&state->view, node_view_free);
    g_clear_pointer(&state->history, top_history_free);
}

void
top_state_take(TopState *state, NodeView *view)
{
    top_history_add(state->history, view);
    if (state->frozen && state->view) {
        node_view_free(view);
        return;
    }
    node_view_free(state->view);
    state->view = view;
}

static int
compare_run(const void *a, const void *b)
{
    const GuestView *left = *(GuestView *const *) a, *right = *(GuestView *const *) b;

    if (left->run_ns != right->run_ns)
        return left->run_ns > right->run_ns ? -1 : 1;
    return strcmp(left->name, right->name);
}

static int
compare_name(const void *a, const void *b)
{
    return strcmp((*(GuestView *const *) a)->name, (*(GuestView *const *) b)->name);
}

/* A view comes sorted by wait. */
GPtrArray *
top_state_guests(const TopState *state)
{
    GPtrArray *guests = g_ptr_array_new();

    for (guint i = 0; state->view && i < state->view->guests->len; i++)
        g_ptr_array_add(guests, state->view->guests->pdata[i]);
    if (guests->len > 0 && state->sort != TOP_BY_WAIT)
        qsort(guests->pdata, guests->len, sizeof guests->pdata[0],
              state->sort == TOP_BY_RUN ? compare_run : compare_name);
    return guests;
}

guint
top_state_row(const TopState *state, const GPtrArray *guests)
{
    for (guint i = 0; state->selected && i < guests->len; i++)
        if (g_str_equal(((const GuestView *) guests->pdata[i])->name, state->selected))
            return i;
    return 0;
}

int
top_state_rows(const TopState *state)
{
    return MAX(1, state->height - TOP_HEADER_LINES - TOP_FOOTER_LINES);
}

static void
move(TopState *state, int rows)
{
    g_autoptr(GPtrArray) guests = top_state_guests(state);
    int row = (int) top_state_row(state, guests);

    if (guests->len == 0)
        return;
    row = CLAMP(row + rows, 0, (int) guests->len - 1);
    g_free(state->selected);
    state->selected = g_strdup(((const GuestView *) guests->pdata[row])->name);
}

static void
toggle_page(TopState *state, TopPage page)
{
    state->page = state->page == page ? TOP_LIST : page;
}

void
top_state_press(TopState *state, TopKey key)
{
    switch (key) {
    case TOP_KEY_UP:
        move(state, -1);
        break;
    case TOP_KEY_DOWN:
        move(state, 1);
        break;
    case TOP_KEY_PAGE_UP:
        move(state, -top_state_rows(state));
        break;
    case TOP_KEY_PAGE_DOWN:
        move(state, top_state_rows(state));
        break;
    case TOP_KEY_FIRST:
        move(state, G_MININT / 2);
        break;
    case TOP_KEY_LAST:
        move(state, G_MAXINT / 2);
        break;
    case TOP_KEY_ENTER:
        move(state, 0);
        state->page = TOP_GUEST;
        break;
    case TOP_KEY_BACK:
        state->page = TOP_LIST;
        break;
    case TOP_KEY_MATRIX:
        toggle_page(state, TOP_MATRIX);
        break;
    case TOP_KEY_HELP:
        toggle_page(state, TOP_HELP);
        break;
    case TOP_KEY_FREEZE:
        state->frozen = !state->frozen;
        break;
    case TOP_KEY_SORT:
        state->sort = (state->sort + 1) % TOP_SORTS;
        break;
    case TOP_KEY_QUIT:
        state->quit = true;
        break;
    }
}
