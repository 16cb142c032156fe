/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The difference of two means whose scatters differ: Welch (1947). */
#pragma once

#include <stddef.h>

typedef struct {
    double difference; /* mean of b - mean of a; NAN when one is empty */
    double low, high;  /* 95 % interval; NAN with fewer than two values on a side */
    double t, degrees_of_freedom, p_value;
} Difference;

Difference difference_of_means(const double *a, size_t n_a, const double *b, size_t n_b);
