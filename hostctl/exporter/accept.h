/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scraper would rather have, by the HTTP header Accept. */
#pragma once

#include <stdbool.h>

/*
 * True when OpenMetrics 1.0.0 is asked for at least as much as text 0.0.4. NULL (no header) and
 * what is not understood: false.
 */
bool accept_prefers_openmetrics(const char *accept);
