/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests by shuffling what a visit is labelled with: the visit is the unit, so nothing is assumed of
 * the windows inside. */
#pragma once

#include <stddef.h>

/*
 * Two-sided p of "y goes up or down with x": the sum of products of x's ranks with y's ranks within
 * its block, against that of x shuffled within the blocks, at most `shuffles` times with a fixed
 * seed: (1 + as extreme or more) / (1 + shuffles); once 100 shuffles were as extreme it is settled
 * that p is not small (Besag and Clifford 1991). `block` (NULL: one block) are the visits that were
 * made side by side. NAN when either side is constant.
 */
double permutation_p(const double *x, const double *y, const size_t *block, size_t n,
                     size_t shuffles);
