/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns the state into lines of text for a screen of its size; the terminal only paints them. */
#pragma once

#include <stdio.h>

#include "hostctl/top/top_state.h"

typedef enum {
    TOP_PLAIN,
    TOP_HEADING,
    TOP_SELECTED,
    TOP_WARNING,
    TOP_ALARM,
} TopStyle;

typedef struct {
    char *text; /* at most as wide as the screen */
    TopStyle style;
} TopLine;

/* TopLine, at most as many as the screen is high. Free with g_ptr_array_unref(). */
GPtrArray *top_render(const TopState *state);

/* The list of guests as wide as it needs to be, for --batch. */
void top_print_list(const TopState *state, FILE *out);
