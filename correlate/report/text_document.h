/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `correlate validate`: the analysis as tables for a terminal. */
#pragma once

#include "correlate/analysis.h"

/* Free with g_free(). */
char *text_document(const Analysis *analysis);
