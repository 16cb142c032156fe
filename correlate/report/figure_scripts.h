/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gnuplot scripts, one a kind of figure. Each returns NULL when there is nothing to draw. */
#pragma once

#include "correlate/analysis.h"

/* Colours that the colour-blind tell apart, on white and on black. */
extern const char *const figure_colours[4];

/* Axes, grid and texts in the page's own colour. */
void figure_begin(GString *script);

/* Widens a value axis: some air, and at least a tenth of the values' size either way, so that noise
 * does not look like a mountain. */
void figure_widen(double *low, double *high);

/* Time in the visit x V:P % x the estimator's mean over visits, one condition; `low` and `high` are
 * the value axis, shared by the conditions. */
char *script_of_surface(const Analysis *analysis, size_t estimator, int condition);

/* Visit means against V:P %, conditions side by side, boundary visits hollow. */
char *script_of_load(const Analysis *analysis, size_t estimator);

/* Expected and measured share of waiting against load. */
char *script_of_steal(const Analysis *analysis);
