/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `correlate validate --json`: one document whose keys are documented and stable. */
#pragma once

#include "correlate/analysis.h"

/* Pretty-printed, ending with a newline. Free with g_free(). */
char *json_document(const Analysis *analysis);
