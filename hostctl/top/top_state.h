/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What top shows now and how keys change it; draws nothing, so tests press keys without a
 * terminal. */
#pragma once

#include <stdbool.h>

#include "hostctl/top/top_history.h"
#include "hostctl/view/node_view.h"

typedef enum { TOP_LIST, TOP_MATRIX, TOP_GUEST, TOP_HELP } TopPage;

typedef enum {
    TOP_BY_WAIT,
    TOP_BY_RUN,
    TOP_BY_NAME,
    TOP_SORTS,
} TopSort;
const char *top_sort_name(TopSort sort);

typedef enum {
    TOP_KEY_UP,
    TOP_KEY_DOWN,
    TOP_KEY_PAGE_UP,
    TOP_KEY_PAGE_DOWN,
    TOP_KEY_FIRST,
    TOP_KEY_LAST,
    TOP_KEY_ENTER,
    TOP_KEY_BACK,
    TOP_KEY_MATRIX,
    TOP_KEY_FREEZE,
    TOP_KEY_SORT,
    TOP_KEY_HELP,
    TOP_KEY_QUIT,
} TopKey;

typedef struct {
    TopPage page;
    TopSort sort;
    bool frozen, quit;
    char *selected; /* name of a guest; NULL: none yet */
    int width, height;
    double interval_seconds;
    char *host;     /* this machine's name */
    NodeView *view; /* what is shown; NULL before the first interval */
    TopHistory *history;
} TopState;

void top_state_init(TopState *state, double interval_seconds);
void top_state_clear(TopState *state);

/* Takes the interval over. Frozen: it goes into the history only. */
void top_state_take(TopState *state, NodeView *view);

void top_state_press(TopState *state, TopKey key);

/* Guests in the order that is shown: GuestView, borrowed. Free with g_ptr_array_unref(). */
GPtrArray *top_state_guests(const TopState *state);
/* The row of the selected guest in that order; 0 when it is gone. */
guint top_state_row(const TopState *state, const GPtrArray *guests);
/* Rows that a list has room for. */
int top_state_rows(const TopState *state);

#define TOP_HEADER_LINES 4 /* above every list, its heading included */
#define TOP_FOOTER_LINES 1
