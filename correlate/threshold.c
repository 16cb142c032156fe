/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/threshold.h"

#include <math.h>

void
threshold_key_clear(ThresholdKey *key)
{
    g_free(key->cpu_model);
    g_free(key->microcode);
    g_free(key->mitigations);
    g_free(key->load);
    g_free(key->counters);
    *key = (ThresholdKey){ NULL };
}

ThresholdKey
threshold_key_copy(const ThresholdKey *key)
{
    return (ThresholdKey){ g_strdup(key->cpu_model), g_strdup(key->microcode),
                           g_strdup(key->mitigations), g_strdup(key->load),
                           g_strdup(key->counters) };
}

static void
threshold_clear(void *data)
{
    Threshold *threshold = data;

    threshold_key_clear(&threshold->key);
    g_free(threshold->truth);
    g_free(threshold->heldout);
    g_strfreev(threshold->datasets);
}

GArray *
thresholds_new(void)
{
    GArray *thresholds = g_array_new(FALSE, TRUE, sizeof(Threshold));

    g_array_set_clear_func(thresholds, threshold_clear);
    return thresholds;
}

const char *
threshold_match_name(ThresholdMatch match)
{
    static const char *const names[] = { "none", "model", "exact" };

    return names[match];
}

typedef enum { KNOWN_SAME, KNOWN_OTHER, UNKNOWN } Likeness;

static Likeness
compare(const char *a, const char *b)
{
    if (!a || !b)
        return UNKNOWN;
    return g_str_equal(a, b) ? KNOWN_SAME : KNOWN_OTHER;
}

ThresholdMatch
threshold_match(const ThresholdKey *key, const ThresholdKey *here)
{
    bool emulated = g_strcmp0(key->counters, "emulated") == 0;
    const Likeness rest[] = { compare(key->microcode, here->microcode),
                              compare(key->mitigations, here->mitigations),
                              compare(key->load, here->load) };
    ThresholdMatch match = MATCH_EXACT;

    if (compare(key->cpu_model, here->cpu_model) != KNOWN_SAME ||
        emulated != (g_strcmp0(here->counters, "emulated") == 0))
        return MATCH_NONE;
    for (guint i = 0; i < G_N_ELEMENTS(rest); i++) {
        /* A model of a CPU has neither microcode nor mitigations: nothing is unknown of it. */
        if (rest[i] == KNOWN_OTHER && i > 0)
            return MATCH_NONE;
        if (rest[i] != KNOWN_SAME && !(emulated && i < 2))
            match = MATCH_MODEL;
    }
    return match;
}

static double
worth(const Threshold *threshold)
{
    double sum = threshold->heldout_sensitivity + threshold->heldout_specificity;

    return isnan(sum) ? 0 : sum;
}

const Threshold *
thresholds_choose(const GArray *thresholds, const ThresholdKey *here, const char *estimator,
                  ThresholdFilter can, void *data)
{
    const Threshold *best = NULL;

    for (guint i = 0; i < thresholds->len; i++) {
        const Threshold *threshold = &g_array_index(thresholds, Threshold, i);
        ThresholdMatch match = threshold_match(&threshold->key, here);
        ThresholdMatch had = best ? threshold_match(&best->key, here) : MATCH_NONE;

        if (!g_str_equal(threshold->truth, "vp") || threshold->estimator->steal_based ||
            (estimator && !g_str_equal(threshold->estimator->name, estimator)) ||
            (can && !can(threshold->estimator, data)))
            continue;
        if (!best || match > had || (match == had && worth(threshold) > worth(best)))
            best = threshold;
    }
    return best;
}
