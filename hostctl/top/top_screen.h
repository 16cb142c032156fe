/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal: paints lines, reads keys. One at a time. */
#pragma once

#include "hostctl/interrupt.h"
#include "hostctl/top/top_state.h"
#include "hostctl/view/node_watch.h"

/*
 * Shows the node until q is pressed, a signal comes or the terminal goes away. The terminal is as
 * before afterwards. Error: no terminal, or the node cannot be read any more.
 */
bool top_screen_run(NodeWatch *watch, double interval_seconds, const Interrupt *interrupt,
                    GError **error);
