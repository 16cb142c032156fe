/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "tests/support/synthetic_run.h"

#define BASE_MISSES 15

double
synthetic_normal(GRand *random)
{
    double u = 1 - g_rand_double(random), v = g_rand_double(random);

    return sqrt(-2 * log(u)) * cos(2 * G_PI * v);
}

double
synthetic_value(const SyntheticPlan *plan, double vp)
{
    double rise = 0, over = fmax(0, vp - plan->knee_percent);

    switch (plan->shape) {
    case SYNTHETIC_FLAT:
        break;
    case SYNTHETIC_LINE:
        rise = vp / 200;
        break;
    case SYNTHETIC_SATURATING:
        rise = (1 - exp(-vp / 60)) / (1 - exp(-200.0 / 60));
        break;
    case SYNTHETIC_HINGE:
        rise = over / (200 - plan->knee_percent);
        break;
    case SYNTHETIC_JUMP:
        rise = vp > plan->knee_percent;
        break;
    }
    return BASE_MISSES * (1 + plan->effect * rise);
}
