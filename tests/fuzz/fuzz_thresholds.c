/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>

#include "common/judge/threshold.h"
#include "correlate/rules.h"
#include "correlate/threshold_document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For its own key each is the best match, or another one is as good; where it may be chosen. */
static void
choose_each(const GArray *thresholds)
{
    for (guint i = 0; i < thresholds->len; i++) {
        const Threshold *threshold = &g_array_index(thresholds, Threshold, i);
        const Threshold *best =
            thresholds_choose(thresholds, &threshold->key, threshold->estimator->name, ~0u);
        ThresholdMatch own = threshold_match(&threshold->key, &threshold->key);

        g_assert(*threshold_match_name(own));
        g_assert((own == MATCH_NONE) ==
                 (threshold_mismatch(&threshold->key, &threshold->key) != NULL));
        if (g_str_equal(threshold->truth, "vp") && !threshold->estimator->steal_based)
            g_assert(best && threshold_match(&best->key, &threshold->key) >= own);
    }
}

/* What was taken is written as a document that is taken again. */
static void
check_again(const GArray *thresholds)
{
    g_autofree char *text = thresholds_document(thresholds);
    g_autoptr(GArray) again = thresholds_parse("again.json", text, -1, NULL);

    g_assert(again && again->len == thresholds->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) thresholds =
        thresholds_parse("thresholds.json", (const char *) data, (gssize) size, &error);
    g_autofree char *rules = NULL;
    guint skipped;

    g_assert((thresholds == NULL) == (error != NULL));
    if (thresholds) {
        rules = rules_document(thresholds, &skipped);
        choose_each(thresholds);
        check_again(thresholds);
    }
    return 0;
}
