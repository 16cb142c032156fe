/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>

#include "common/judge/threshold.h"
#include "correlate/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) thresholds =
        thresholds_parse("thresholds.json", (const char *) data, (gssize) size, &error);
    g_autofree char *rules = NULL;
    guint skipped;

    g_assert((thresholds == NULL) == (error != NULL));
    if (thresholds)
        rules = rules_document(thresholds, &skipped);
    return 0;
}
