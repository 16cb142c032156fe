/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bland and Altman (1986): do two methods measure the same? */
#pragma once

#include <stddef.h>

/* A running sum (Welford): no pair is kept. Start with zeros. */
typedef struct {
    size_t n;
    double mean, squares;
} Agreement;

typedef struct {
    double bias;      /* mean difference */
    double deviation; /* its standard deviation; NAN with fewer than two */
    double low, high; /* limits of agreement: bias ± 1.96 standard deviations */
} AgreementLimits;

void agreement_add(Agreement *agreement, double difference);
AgreementLimits agreement_limits(const Agreement *agreement);

/* 100 (a - b) / ((a + b) / 2); a pair of zeros agrees. */
double agreement_percent(double a, double b);
