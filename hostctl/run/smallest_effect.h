/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What so many visits can show at all, known before the first of them is made. The visit is the
 * unit of replication, so only their number counts.
 */
#pragma once

/*
 * The smallest difference of two means, in standard deviations among visits (Cohen's d), that a
 * two-sided test at 5 % finds with a power of 80 %: (z(0.975) + z(0.8)) · sqrt(1/a + 1/b), the
 * normal approximation of Cohen, Statistical Power Analysis for the Behavioral Sciences
 * (1988), 2.4. It is somewhat too small for fewer than ten visits a side. INFINITY without visits
 * on both sides.
 */
double smallest_effect(unsigned a, unsigned b);

/* The area under the ROC curve of two normal distributions d standard deviations apart:
 * Φ(d / sqrt 2). */
double smallest_effect_auc(double d);

/* The smallest p value that a two-sided permutation test of a against b visits can give at all:
 * 2 / (a + b choose a), at most 1. */
double smallest_p_value(unsigned a, unsigned b);
