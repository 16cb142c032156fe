/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/smallest_effect.h"

#include <math.h>

#define Z_SIGNIFICANCE 1.959964 /* of the normal distribution at 0.975 */
#define Z_POWER 0.841621        /* at 0.8 */

double
smallest_effect(unsigned a, unsigned b)
{
    if (a == 0 || b == 0)
        return INFINITY;
    return (Z_SIGNIFICANCE + Z_POWER) * sqrt(1.0 / a + 1.0 / b);
}

double
smallest_effect_auc(double d)
{
    return 0.5 * erfc(-d / 2);
}

double
smallest_p_value(unsigned a, unsigned b)
{
    return fmin(1, 2 * exp(lgamma(a + 1.0) + lgamma(b + 1.0) - lgamma(a + b + 1.0)));
}
