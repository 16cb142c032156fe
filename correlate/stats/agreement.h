/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bland and Altman (1986): do two methods measure the same? As percentages of their mean. */
#pragma once

#include <stddef.h>

/* A running sum (Welford): no pair is kept. Start with zeros. */
typedef struct {
    size_t n;
    double mean, squares;
} Agreement;

typedef struct {
    double bias_percent;              /* mean of 100 (a - b) / ((a + b) / 2) */
    double low_percent, high_percent; /* bias ± 1.96 standard deviations; NAN with fewer than two */
} AgreementLimits;

/* A pair of zeros agrees. */
void agreement_add(Agreement *agreement, double a, double b);
AgreementLimits agreement_limits(const Agreement *agreement);
