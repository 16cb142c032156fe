/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/threshold.h"

#include <math.h>
#include <string.h>

ThresholdKey
threshold_key_said(const char *cpu_model, const char *load)
{
    bool emulated = g_strcmp0(cpu_model, THRESHOLD_EMULATED_CPU) == 0;

    return (ThresholdKey){ .cpu_model = g_strdup(cpu_model),
                           .load = g_strdup(load),
                           .counters = emulated ? g_strdup("emulated") : NULL };
}

void
threshold_key_clear(ThresholdKey *key)
{
    g_free(key->cpu_model);
    g_free(key->microcode);
    g_free(key->mitigations);
    g_free(key->load);
    g_free(key->counters);
    g_free(key->hypervisor);
    *key = (ThresholdKey){ NULL };
}

ThresholdKey
threshold_key_copy(const ThresholdKey *key)
{
    return (ThresholdKey){ g_strdup(key->cpu_model),   g_strdup(key->microcode),
                           g_strdup(key->mitigations), g_strdup(key->load),
                           g_strdup(key->counters),    g_strdup(key->hypervisor) };
}

char *
threshold_microcode_family(const char *microcode)
{
    size_t length = microcode ? strlen(microcode) : 0;

    if (!microcode || length < 5 || !g_str_has_prefix(microcode, "0x"))
        return g_strdup(microcode);
    return g_strdup_printf("%.*sxx", (int) length - 2, microcode);
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

static bool
is_emulated(const ThresholdKey *key)
{
    return g_strcmp0(key->counters, "emulated") == 0;
}

const char *
threshold_mismatch(const ThresholdKey *key, const ThresholdKey *here)
{
    bool emulated = is_emulated(key);

    if (!key->cpu_model || !here->cpu_model)
        return "the CPU model is not known";
    if (emulated != is_emulated(here))
        return emulated ? "the threshold's counters were emulated" : "the counters are emulated";
    if (!emulated && here->hypervisor && !g_str_equal(here->hypervisor, "KVM"))
        return "the hypervisor is not KVM";
    if (!g_str_equal(key->cpu_model, here->cpu_model))
        return "another CPU model";
    if (compare(key->mitigations, here->mitigations) == KNOWN_OTHER)
        return "other mitigations";
    return compare(key->load, here->load) == KNOWN_OTHER ? "another load" : NULL;
}

ThresholdMatch
threshold_match(const ThresholdKey *key, const ThresholdKey *here)
{
    bool same_cpu = compare(key->microcode, here->microcode) == KNOWN_SAME &&
                    compare(key->mitigations, here->mitigations) == KNOWN_SAME;

    if (threshold_mismatch(key, here))
        return MATCH_NONE;
    /* A model of a CPU has neither microcode nor mitigations: nothing is unknown of it. */
    return (is_emulated(key) || same_cpu) && compare(key->load, here->load) == KNOWN_SAME
               ? MATCH_EXACT
               : MATCH_MODEL;
}

static double
worth(const Threshold *threshold)
{
    double sum = threshold->heldout_sensitivity + threshold->heldout_specificity;

    return isnan(sum) ? 0 : sum;
}

const Threshold *
thresholds_choose(const GArray *thresholds, const ThresholdKey *here, const char *estimator,
                  unsigned able)
{
    const Threshold *best = NULL;

    for (guint i = 0; i < thresholds->len; i++) {
        const Threshold *threshold = &g_array_index(thresholds, Threshold, i);
        ThresholdMatch match = threshold_match(&threshold->key, here);
        ThresholdMatch had = best ? threshold_match(&best->key, here) : MATCH_NONE;

        if (!g_str_equal(threshold->truth, "vp") || threshold->estimator->steal_based ||
            (estimator && !g_str_equal(threshold->estimator->name, estimator)) ||
            !(able & 1u << estimator_index(threshold->estimator)))
            continue;
        if (!best || match > had || (match == had && worth(threshold) > worth(best)))
            best = threshold;
    }
    return best;
}
