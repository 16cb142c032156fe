/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/evaluation.h"

#include <math.h>

#include "correlate/evidence.h"
#include "correlate/stats/association.h"
#include "correlate/stats/auc_interval.h"
#include "correlate/stats/holm.h"
#include "correlate/stats/permutation.h"
#include "correlate/stats/roc.h"

#define RESAMPLES 1000
#define SHUFFLES 9999
#define PRIMARY_ESTIMATOR "branch_misses_per_cycle"
#define PRIMARY_CONDITION "noisy"

const char *
shape_name(Shape shape)
{
    static const char *const names[] = { "threshold", "rises", "falls", "none", "undecided" };

    return names[shape];
}

static void
associate(EvaluationRow *row, const Evidence *evidence)
{
    row->spearman = spearman(evidence->value, evidence->number, evidence->n);
    row->pearson = pearson(evidence->value, evidence->number, evidence->n);
    row->spearman_within = association_within(spearman, evidence->value, evidence->number,
                                              evidence->visit, evidence->n);
    row->pearson_within = association_within(pearson, evidence->value, evidence->number,
                                             evidence->visit, evidence->n);
}

static void
discriminate(EvaluationRow *row, const Evidence *labelled)
{
    g_autofree AucWindow *windows = g_new(AucWindow, labelled->n + 1);
    AucInterval interval;
    RocCut cut;

    for (size_t i = 0; i < labelled->n; i++)
        windows[i] = (AucWindow){ labelled->value[i], labelled->label[i], labelled->visit[i],
                                  labelled->level[i] };
    if (!auc_interval(windows, labelled->n, RESAMPLES, &interval))
        return;

    row->auc = interval.auc;
    row->auc_low = interval.low;
    row->auc_high = interval.high;
    row->above = interval.auc >= 0.5;
    if (!roc_best_cut(labelled->value, labelled->label, labelled->n, row->above, &cut))
        return;
    row->threshold = cut.threshold;
    row->sensitivity = cut.sensitivity;
    row->specificity = cut.specificity;
    row->false_alarm_ratio = cut.false_alarm_ratio;
}

static void
test_means(EvaluationRow *row, const Visits *visits)
{
    size_t estimator = estimator_index(row->estimator), n = 0;
    g_autofree double *x = g_new(double, visits->visits->len + 1);
    g_autofree double *y = g_new(double, visits->visits->len + 1);

    for (guint v = 0; v < visits->visits->len; v++) {
        const Visit *visit = visits->visits->pdata[v];
        TruthBaseline baseline = truth_baseline(visits, visit->condition);

        if (row->condition_index >= 0 && visit->condition != (guint) row->condition_index)
            continue;
        x[n] = truth_visit_number(row->truth, visit, &baseline);
        y[n] = visit_mean(visit, estimator);
        n += !isnan(x[n]) && !isnan(y[n]);
    }
    row->p_value = permutation_p(x, y, n, SHUFFLES);
}

static EvaluationRow
evaluate_one(const Visits *visits, const Estimator *estimator, int condition, Truth truth)
{
    g_autoptr(Evidence) evidence =
        evidence_collect(visits, estimator_index(estimator), condition, truth);
    g_autoptr(Evidence) labelled = evidence_labelled(evidence);
    EvaluationRow row = {
        .estimator = estimator,
        .condition = condition < 0 ? EVALUATION_POOLED : visits->conditions->pdata[condition],
        .condition_index = condition,
        .truth = truth,
        .independent = !(estimator->steal_based && truth == TRUTH_DELAY),
        .exploratory = visits_fewest(visits, condition) < EVALUATION_MIN_REPEATS,
        .visits = evidence->visits,
        .windows = evidence->n,
        .auc = NAN,
        .auc_low = NAN,
        .auc_high = NAN,
        .above = true,
        .threshold = NAN,
        .sensitivity = NAN,
        .specificity = NAN,
        .false_alarm_ratio = NAN,
        .shape = SHAPE_UNDECIDED,
        .knee_vp_percent = NAN,
        .knee_low = NAN,
        .knee_high = NAN,
        .p_holm = NAN,
    };

    row.primary = truth == TRUTH_VP && g_str_equal(estimator->name, PRIMARY_ESTIMATOR) &&
                  g_str_equal(row.condition, PRIMARY_CONDITION);
    associate(&row, evidence);
    discriminate(&row, labelled);
    test_means(&row, visits);
    return row;
}

/* The primary hypothesis was fixed beforehand and stands alone; all others share the error. */
static void
correct_for_many(GArray *rows)
{
    g_autofree double *p = g_new(double, rows->len + 1);

    for (guint i = 0; i < rows->len; i++) {
        const EvaluationRow *row = &g_array_index(rows, EvaluationRow, i);

        p[i] = row->primary ? NAN : row->p_value;
    }
    holm_adjust(p, rows->len);
    for (guint i = 0; i < rows->len; i++)
        g_array_index(rows, EvaluationRow, i).p_holm = p[i];
}

GArray *
evaluate(const Visits *visits)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(EvaluationRow));

    for (size_t e = 0; e < ESTIMATOR_COUNT; e++) {
        for (int c = -1; c < (int) visits->conditions->len; c++) {
            for (int t = 0; t < TRUTHS; t++) {
                EvaluationRow row = evaluate_one(visits, estimator_list[e], c, (Truth) t);

                g_array_append_val(rows, row);
            }
        }
    }
    correct_for_many(rows);
    return rows;
}

const EvaluationRow *
evaluation_find(const GArray *rows, const char *estimator, const char *condition, Truth truth)
{
    for (guint i = 0; i < rows->len; i++) {
        const EvaluationRow *row = &g_array_index(rows, EvaluationRow, i);

        if (row->truth == truth && g_str_equal(row->estimator->name, estimator) &&
            g_str_equal(row->condition, condition))
            return row;
    }
    return NULL;
}

const EvaluationRow *
evaluation_primary(const GArray *rows)
{
    const EvaluationRow *found = NULL;

    for (guint i = 0; i < rows->len; i++) {
        const EvaluationRow *row = &g_array_index(rows, EvaluationRow, i);

        if (row->primary && row->windows > 0)
            return row;
        if (!found && row->truth == TRUTH_VP && row->windows > 0 && row->condition_index >= 0 &&
            g_str_equal(row->estimator->name, PRIMARY_ESTIMATOR))
            found = row;
    }
    return found;
}
