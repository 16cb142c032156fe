/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the screen. */
#pragma once

#include "hostctl/top/top_render.h"

void top_add_line(GPtrArray *lines, TopStyle style, char *text);
void top_add_text(GPtrArray *lines, TopStyle style, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Two lines about the node, and what is hot. */
void top_render_header(const TopState *state, GPtrArray *lines);
void top_render_list(const TopState *state, GPtrArray *lines);
void top_render_matrix(const TopState *state, GPtrArray *lines);
void top_render_guest(const TopState *state, GPtrArray *lines);
void top_render_help(const TopState *state, GPtrArray *lines);

TopStyle top_verdict_style(Verdict verdict);
/* What to show for a cause: its name, or its kind in parentheses. Free with g_free(). */
char *top_cause_label(const CauseView *cause);
