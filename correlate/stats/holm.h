/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several tests at once: Holm's (1979) step-down correction. */
#pragma once

#include <stddef.h>

/* In place: each p becomes its adjusted value (as R's p.adjust(method = "holm")); NAN stays NAN and
 * does not count as a test. */
void holm_adjust(double *p_values, size_t n);
