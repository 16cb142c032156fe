/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests by shuffling what a visit is labelled with: the visit is the unit, so nothing is assumed of
 * the windows inside. */
#pragma once

#include <stddef.h>

/*
 * Two-sided p of Spearman's rho of visit means `y` against `x`, by shuffling x among the visits at
 * most `shuffles` times with a fixed seed: (1 + as extreme or more) / (1 + shuffles); once 100
 * shuffles were as extreme it is settled that p is not small (Besag and Clifford 1991). NAN when
 * rho is.
 */
double permutation_p(const double *x, const double *y, size_t n, size_t shuffles);
