/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Thresholds as the file that they travel in (docs/thresholds-format.md); common/judge reads it. */
#pragma once

#include <glib.h>

/* Of an array of Threshold, with a newline. Free with g_free(). */
char *thresholds_document(const GArray *thresholds);
