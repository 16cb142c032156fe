/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each guest waited lately, for its page: a bounded memory of the last intervals. */
#pragma once

#include "hostctl/view/node_view.h"

#define TOP_HISTORY 240 /* intervals */

typedef struct {
    double wait_ratio[TOP_HISTORY]; /* NAN: it was not there, or idle */
    double branch_ratio[TOP_HISTORY];
    unsigned n; /* how many there are so far */
} GuestHistory;

typedef struct TopHistory TopHistory;

TopHistory *top_history_new(void);
void top_history_free(TopHistory *history);
/* Takes in one interval; guests that were not seen for TOP_HISTORY intervals are forgotten. */
void top_history_add(TopHistory *history, const NodeView *view);

/* The `back`-th interval before the last one (0: the last); NAN beyond what is remembered. */
double top_history_wait(const TopHistory *history, const char *guest, unsigned back);
double top_history_branch(const TopHistory *history, const char *guest, unsigned back);

/* The values of the last `width` intervals as characters from blank to '@', the oldest first. */
char *top_history_line(const TopHistory *history, const char *guest,
                       double (*value)(const TopHistory *, const char *, unsigned), int width,
                       double full);
