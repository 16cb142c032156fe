/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/rules.h"

#include <math.h>
#include <stdbool.h>

#include "common/base/json_text.h"
#include "common/judge/threshold.h"

/* Ratios of one guest, all its vCPUs together. */
static const struct {
    const char *estimator, *numerator, *denominator;
    double scale;
} expressions[] = {
    { "branch_misses_per_cycle", "node_perf_branch_misses_total", "node_perf_cpucycles_total",
      1e4 },
    { "cache_misses_per_cycle", "node_perf_cache_misses_total", "node_perf_cpucycles_total", 1e4 },
    { "branch_miss_rate", "node_perf_branch_misses_total", "node_perf_branch_instructions_total",
      1 },
    { "cpi", "node_perf_cpucycles_total", "node_perf_instructions_total", 1 },
    { "branch_mpki", "node_perf_branch_misses_total", "node_perf_instructions_total", 1e3 },
    { "cache_mpki", "node_perf_cache_misses_total", "node_perf_instructions_total", 1e3 },
};

/* A number whose interval holds 0.5 tells nothing: nobody should be woken by it. */
static bool
tells(const Threshold *threshold)
{
    return g_str_equal(threshold->truth, "vp") &&
           (threshold->auc_low > 0.5 || threshold->auc_high < 0.5);
}

/* A YAML double-quoted scalar takes JSON's escapes. */
static void
append_quoted(GString *out, const char *text)
{
    json_append_string(out, text ? text : "not known");
}

static char *
expression_of(const Threshold *threshold)
{
    const char *sign = threshold->above ? ">" : "<";

    if (g_str_equal(threshold->estimator->name, "cycles_per_second"))
        return g_strdup_printf("avg by (instance) (rate(node_perf_cpucycles_total[1m])) %s %.17g",
                               sign, threshold->threshold);
    for (gsize i = 0; i < G_N_ELEMENTS(expressions); i++)
        if (g_str_equal(expressions[i].estimator, threshold->estimator->name))
            return g_strdup_printf("%g * sum by (instance) (rate(%s[1m])) / sum by (instance) "
                                   "(rate(%s[1m])) %s %.17g",
                                   expressions[i].scale, expressions[i].numerator,
                                   expressions[i].denominator, sign, threshold->threshold);
    return NULL;
}

/* Prometheus expands templates in labels and annotations: a brace in a recorded text begins none.
 */
static void
append_literal(GString *out, const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text ? text : "not known", "{{", -1);
    g_autofree char *harmless = g_strjoinv("{ {", parts);

    append_quoted(out, harmless);
}

static void
append_rule(GString *out, const Threshold *threshold, const char *expression)
{
    g_autofree char *description = g_strdup_printf(
        "Learned on %s (%s counters) under the load %s; on held-out %ss it told %.0f %% of "
        "overcommitted windows and left %.0f %% of the others in peace.",
        threshold->key.cpu_model ? threshold->key.cpu_model : "an unknown CPU",
        threshold->key.counters ? threshold->key.counters : "unknown",
        threshold->key.load ? threshold->key.load : "of several kinds",
        threshold->heldout ? threshold->heldout : "repeat", 100 * threshold->heldout_sensitivity,
        100 * threshold->heldout_specificity);

    g_string_append(out, "      - alert: HostOvercommitted\n        expr: ");
    append_quoted(out, expression);
    g_string_append(out, "\n        for: 2m\n        labels:\n          severity: warning\n"
                         "          estimator: ");
    append_quoted(out, threshold->estimator->name);
    g_string_append(out, "\n          learned_on: ");
    append_literal(out, threshold->key.cpu_model);
    g_string_append(out, "\n          learned_load: ");
    append_literal(out, threshold->key.load);
    g_string_append(out, "\n          learned_counters: ");
    append_literal(out, threshold->key.counters);
    g_string_append(out, "\n        annotations:\n          summary: \"The host of {{ "
                         "$labels.instance }} seems to be overcommitted\"\n"
                         "          description: ");
    append_literal(out, description);
    g_string_append_c(out, '\n');
}

char *
rules_document(const GArray *thresholds, guint *ret_skipped)
{
    GString *out = g_string_new(
        "# Alerting rules of insideout, from learned thresholds. They need node_exporter with\n"
        "# --collector.perf in the guests, and hold for the CPU model and load they were learned "
        "on.\n"
        "groups:\n  - name: insideout\n    rules:\n");
    guint rules = 0;

    *ret_skipped = 0;
    for (guint i = 0; i < thresholds->len; i++) {
        const Threshold *threshold = &g_array_index(thresholds, Threshold, i);
        g_autofree char *expression = tells(threshold) ? expression_of(threshold) : NULL;

        if (!expression) {
            (*ret_skipped)++;
            continue;
        }
        append_rule(out, threshold, expression);
        rules++;
    }
    if (rules == 0)
        g_string_assign(out, "groups: []\n");
    return g_string_free(out, FALSE);
}
