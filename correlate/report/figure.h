/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report's figures: what each shows, and its drawing. */
#pragma once

#include "correlate/analysis.h"

typedef struct {
    char *name;    /* a file name without ending: "surface-branch-quiet" */
    char *title;   /* heading */
    char *caption; /* what to look for */
    char *alt;     /* for who cannot see it */
    char *svg;     /* one element; NULL when it could not be drawn: */
    char *failure; /* why not */
} Figure;

void figure_free(Figure *figure);

/* Draws all that the analysis has numbers for: Figure *, in the order of the report. An empty array
 * when gnuplot is missing. Free with g_ptr_array_unref(). */
GPtrArray *figures_draw(const Analysis *analysis);
