/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Compares doubles as doubles: cmocka's assert_float_equal() rounds both sides to float. */
#pragma once

#include <math.h>

#include "tests/support/cmocka_all.h"

/* Fails, with both values, unless |got - want| <= tolerance; NAN is near nothing. */
#define assert_near(got, want, tolerance)                                      \
    do {                                                                       \
        double got_ = (got), want_ = (want);                                   \
        if (!(fabs(got_ - want_) <= (tolerance)))                              \
            fail_msg("%s is %.17g, want %.17g (within %g)", #got, got_, want_, \
                     (double) (tolerance));                                    \
    } while (0)
