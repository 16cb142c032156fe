/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "correlate/answer.h"
#include "correlate/evidence.h"
#include "correlate/report/figure_scripts.h"
#include "correlate/stats/roc.h"

/* The primary number first, then what else people ask for, then the best. */
static guint
choose(const Analysis *analysis, const char *condition, const EvaluationRow **chosen)
{
    static const char *const wanted[] = { "branch_misses_per_cycle", "branch_miss_rate",
                                          "cache_misses_per_cycle" };
    const EvaluationRow *best = answer_best(analysis->estimators, condition);
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
        const EvaluationRow *row =
            evaluation_find(analysis->estimators, wanted[i], condition, TRUTH_VP);

        if (row && !isnan(row->auc))
            chosen[n++] = row;
    }
    for (guint i = 0; i < n; i++)
        if (chosen[i] == best)
            return n;
    if (best)
        chosen[n++] = best;
    return n;
}

static void
append_curve(GString *script, GString *plot, const Analysis *analysis, const EvaluationRow *row,
             guint number)
{
    g_autoptr(Evidence) evidence = evidence_collect(
        analysis->visits, estimator_index(row->estimator), row->condition_index, TRUTH_VP);
    g_autoptr(Evidence) labelled = evidence_labelled(evidence);
    g_autofree RocPoint *points = g_new(RocPoint, labelled->n + 2);
    size_t n = roc_curve(labelled->value, labelled->label, labelled->n, row->above, points);
    double auc = row->above ? row->auc : 1 - row->auc;

    if (n == 0)
        return;
    g_string_append_printf(script, "$r%u << EOD\n", number);
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(script, "%.6g %.6g\n", points[i].false_alarm_ratio,
                               points[i].sensitivity);
    g_string_append_printf(script, "EOD\n$t%u << EOD\n%.6g %.6g\nEOD\n", number,
                           row->false_alarm_ratio, row->sensitivity);
    g_string_append_printf(plot,
                           "$r%u with lines lw 2 lc rgb '%s' title '%s%s, AUC %.2f', "
                           "$t%u with points pt 7 ps 1.2 lc rgb '%s' notitle, ",
                           number, figure_colours[number], row->estimator->name,
                           row->above ? "" : " (falling)", auc, number, figure_colours[number]);
}

char *
script_of_roc(const Analysis *analysis, const char *condition)
{
    const EvaluationRow *chosen[FIGURE_COLOURS];
    guint n = choose(analysis, condition, chosen);
    g_autoptr(GString) script = g_string_new(NULL);
    g_autoptr(GString) plot = g_string_new("plot x with lines dt 2 lc rgb '#8a8a8a' notitle, ");

    if (n == 0)
        return NULL;
    for (guint i = 0; i < n; i++)
        append_curve(script, plot, analysis, chosen[i], i);
    figure_begin(script);
    g_string_append_printf(script,
                           "set xrange [0:1]\nset yrange [0:1.02]\nset key bottom right\n"
                           "set xlabel 'false alarms among windows without overcommit'\n"
                           "set ylabel 'overcommitted windows that are told'\n%s\n",
                           plot->str);
    return g_strdup(script->str);
}
