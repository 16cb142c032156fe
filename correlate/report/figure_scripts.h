/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gnuplot scripts, one a kind of figure. Each returns NULL when there is nothing to draw; free with
 * g_free(). */
#pragma once

#include "correlate/analysis.h"

/* Colours that the colour-blind tell apart, on white and on black. */
#define FIGURE_COLOURS 4
extern const char *const figure_colours[FIGURE_COLOURS];

/* Axes, grid and texts in the page's own colour. */
void figure_begin(GString *script);

/* Widens a value axis: some air, and at least a tenth of the values' size either way, so that noise
 * does not look like a mountain. */
void figure_widen(double *low, double *high);

/* Time in the visit x V:P % x the estimator's mean over visits, in one condition; the value axis is
 * the same for all conditions. */
char *script_of_surface(const Analysis *analysis, size_t estimator, int condition);

/* Visit means against V:P %, conditions side by side, boundary visits hollow, with the fitted shape
 * and the knee's interval. */
char *script_of_load(const Analysis *analysis, size_t estimator);

/* Expected and measured share of waiting against load. */
char *script_of_steal(const Analysis *analysis);

/* ROC curves of some estimators against truth vp in one condition, their thresholds marked. */
char *script_of_roc(const Analysis *analysis, const char *condition);

/* Bland and Altman: difference against mean of both counts, with bias and limits. */
char *script_of_agreement(const FidelityRow *row);

/* The whole run in time: the host's waiting above, the guest's number below, visits marked. */
char *script_of_timeline(const Analysis *analysis, size_t estimator);
