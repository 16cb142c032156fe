/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/agreement.h"

#include <math.h>

#define NORMAL_975 1.959963984540054

double
agreement_percent(double a, double b)
{
    return a + b != 0 ? 200 * (a - b) / (a + b) : 0;
}

void
agreement_add(Agreement *agreement, double difference)
{
    double from_mean = difference - agreement->mean;

    agreement->n++;
    agreement->mean += from_mean / (double) agreement->n;
    agreement->squares += from_mean * (difference - agreement->mean);
}

AgreementLimits
agreement_limits(const Agreement *agreement)
{
    double sd = agreement->n > 1 ? sqrt(agreement->squares / (double) (agreement->n - 1)) : NAN;
    double bias = agreement->n > 0 ? agreement->mean : NAN;

    return (AgreementLimits){ bias, sd, bias - NORMAL_975 * sd, bias + NORMAL_975 * sd };
}
