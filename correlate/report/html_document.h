/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `correlate report`: the analysis as one HTML page that needs nothing else: no script, no network.
 */
#pragma once

#include "correlate/analysis.h"

/* `figures`: Figure *; empty: said so. Free with g_free(). */
char *html_document(const Analysis *analysis, const GPtrArray *figures);
