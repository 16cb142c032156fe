/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/answer.h"

#include <math.h>

/* How far an AUC is from telling nothing, whichever way the number moves. */
static double
telling(const EvaluationRow *row)
{
    return isnan(row->auc) ? -1 : fabs(row->auc - 0.5);
}

const EvaluationRow *
answer_best(const GArray *rows, const char *condition)
{
    const EvaluationRow *best = NULL;

    for (guint i = 0; i < rows->len; i++) {
        const EvaluationRow *row = &g_array_index(rows, EvaluationRow, i);

        if (row->truth != TRUTH_VP || row->estimator->steal_based || isnan(row->auc) ||
            !g_str_equal(row->condition, condition))
            continue;
        if (!best || telling(row) > telling(best))
            best = row;
    }
    return best;
}

static const char *
verdict_of(const EvaluationRow *row)
{
    if (isnan(row->auc))
        return "cannot be judged (no window is labelled both ways)";
    if (isnan(row->auc_low))
        return "gives a first impression only";
    if (row->auc_low > 0.5)
        return "tells overcommit";
    if (row->auc_high < 0.5)
        return "tells overcommit by falling";
    return "is not shown to tell overcommit";
}

static void
append_auc(GString *text, const EvaluationRow *row)
{
    if (isnan(row->auc))
        return;
    g_string_append_printf(text, ": AUC %.2f", row->auc);
    if (!isnan(row->auc_low))
        g_string_append_printf(text, ", 95 %% interval %.2f to %.2f", row->auc_low, row->auc_high);
}

static const char *
shape_words(Shape shape)
{
    static const char *const words[] = {
        [SHAPE_THRESHOLD] = "with a threshold",        [SHAPE_RISES] = "rising without a threshold",
        [SHAPE_FALLS] = "falling without a threshold", [SHAPE_NONE] = "no change with load",
        [SHAPE_UNDECIDED] = "shape undecided",
    };

    return words[shape];
}

static void
append_shape(GString *text, const EvaluationRow *row)
{
    g_string_append_printf(text, "; %s", shape_words(row->shape.shape));
    if (row->shape.has_knee)
        g_string_append_printf(text, " at V:P %.0f %% (%.0f to %.0f)", row->knee.at, row->knee.low,
                               row->knee.high);
}

static bool
has_only_controls(const Visits *visits)
{
    for (guint i = 0; i < visits->conditions->len; i++)
        if (!control_is(visits->conditions->pdata[i]))
            return false;
    return visits->conditions->len > 0;
}

/* Nobody knows how loaded the host was: all that is left is what the vCPU waited. */
static void
append_without_load(GString *text, const Analysis *analysis)
{
    const EvaluationRow *row = evaluation_find(analysis->estimators, "branch_misses_per_cycle",
                                               EVALUATION_POOLED, TRUTH_DELAY);

    if (has_only_controls(analysis->visits)) {
        g_string_append(text, "This dataset holds controls alone, which have no threshold of "
                              "their own: score it with another run's (correlate validate MAIN "
                              "--control THIS).");
        return;
    }
    if (analysis->visits->visits->len == 0 || !row || row->windows == 0) {
        g_string_append(text, "No window of this dataset holds branch misses and cycles as the "
                              "guest counted them beside a load or a run delay of the host, so the "
                              "question cannot be answered from it.");
        return;
    }
    g_string_append_printf(text,
                           "The load of the host is not known; against the vCPU's run delay "
                           "alone, %s %s",
                           row->estimator->name, verdict_of(row));
    append_auc(text, row);
    g_string_append(text, "; exploratory.");
}

char *
answer_sentence(const Analysis *analysis)
{
    const EvaluationRow *row = evaluation_primary(analysis->estimators);
    GString *text = g_string_new(NULL);

    if (!row) {
        append_without_load(text, analysis);
        return g_string_free(text, FALSE);
    }
    if (g_str_equal(analysis->facts->run.counters, "emulated"))
        g_string_append(text, "With emulated counters (a model, no fact about silicon), and i");
    else
        g_string_append_c(text, 'I');
    g_string_append_printf(text, "n the condition “%s”, %s %s", row->condition,
                           row->estimator->name, verdict_of(row));
    append_auc(text, row);
    append_shape(text, row);
    if (row->exploratory)
        g_string_append_printf(text, "; exploratory, for it has fewer than %d visits a level",
                               EVALUATION_MIN_REPEATS);
    g_string_append_c(text, '.');
    return g_string_free(text, FALSE);
}

static void
append_best(GString *text, const Analysis *analysis, const EvaluationRow *primary)
{
    const EvaluationRow *best = answer_best(analysis->estimators, primary->condition);

    if (!best)
        return;
    if (best == primary)
        g_string_append(text, " No other guest-only number tells better there.");
    else {
        g_string_append_printf(text, " The guest-only number that tells best there is %s",
                               best->estimator->name);
        append_auc(text, best);
        g_string_append(text, best->auc < 0.5 ? " (it falls)" : "");
        g_string_append(text, "; that was chosen after the fact and is secondary.");
    }
}

static void
append_checks(GString *text, const Analysis *analysis)
{
    guint judged = 0, passed = 0, events = 0, faithful = 0;

    for (guint i = 0; i < analysis->steal_checks->len; i++) {
        int pass = g_array_index(analysis->steal_checks, StealCheck, i).pass;

        judged += pass >= 0;
        passed += pass == 1;
    }
    for (guint i = 0; i < analysis->fidelity->len; i++) {
        double ratio = g_array_index(analysis->fidelity, FidelityRow, i).median_ratio;

        events += !isnan(ratio);
        faithful += fabs(ratio - 1) <= 0.02;
    }
    if (judged)
        g_string_append_printf(text,
                               " In %u of %u visits the vCPUs waited as long as the closed form "
                               "says they must.",
                               passed, judged);
    if (events)
        g_string_append_printf(text,
                               " Guest and host counted the same within 2 %% for %u of %u events.",
                               faithful, events);
}

/* Between-visit differences alone can make a pooled correlation of any size. */
static void
append_simpson(GString *text, const Analysis *analysis, const EvaluationRow *primary)
{
    const EvaluationRow *row = evaluation_find(analysis->estimators, primary->estimator->name,
                                               primary->condition, TRUTH_DELAY);

    if (!row || isnan(row->spearman) || isnan(row->spearman_within))
        return;
    if (fabs(row->spearman) >= 0.5 && fabs(row->spearman_within) < 0.2)
        g_string_append_printf(text,
                               " Its correlation with the host's run delay (%.2f) lies between "
                               "visits only: within visits it is %.2f, so second by second it "
                               "follows nothing.",
                               row->spearman, row->spearman_within);
}

char *
answer_paragraph(const Analysis *analysis)
{
    const EvaluationRow *row = evaluation_primary(analysis->estimators);
    GString *text = g_string_new(analysis->answer);

    if (row) {
        append_best(text, analysis, row);
        append_simpson(text, analysis, row);
    }
    append_checks(text, analysis);
    if (lag_sweep_is_off(&analysis->lags))
        g_string_append_printf(
            text,
            " Marked: guest and host counts agree best when shifted by %d windows, "
            "so their clocks were not brought together.",
            lag_sweep_peak(&analysis->lags));
    if (!g_str_equal(analysis->facts->run.state, "complete"))
        g_string_append_printf(text, " The run is not complete (%s): this is what it holds so far.",
                               analysis->facts->run.state);
    return g_string_free(text, FALSE);
}
