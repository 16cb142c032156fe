/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One fact out of what a guest's probe says of itself: JSON from somebody who is not trusted. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* NULL when the facts are no JSON object or have no such text. Free with g_free(). */
char *guest_fact_text(const char *facts, const char *key);

/* False when there is no such number or truth value (true is 1). */
bool guest_fact_number(const char *facts, const char *key, double *ret_value);
