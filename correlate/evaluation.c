/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/evaluation.h"

#include <math.h>

#include "common/base/pace.h"
#include "correlate/detection.h"
#include "correlate/evidence.h"
#include "correlate/stats/association.h"
#include "correlate/stats/auc_interval.h"
#include "correlate/stats/holm.h"
#include "correlate/stats/line.h"
#include "correlate/stats/permutation.h"
#include "correlate/stats/roc.h"

#define RESAMPLES 500
#define SHUFFLES 9999
#define PRIMARY_ESTIMATOR "branch_misses_per_cycle"
#define PRIMARY_CONDITION "noisy"

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

/* Visits with a mean and a number, in columns. */
typedef struct {
    size_t n;
    double *x, *y;
    size_t *block; /* condition and repeat: made side by side */
    const Visit **visit;
} Means;

static void
means_clear(Means *means)
{
    g_free(means->x);
    g_free(means->y);
    g_free(means->block);
    g_free(means->visit);
}

static Means
collect_means(const EvaluationRow *row, const Visits *visits)
{
    size_t estimator = estimator_index(row->estimator), len = visits->visits->len;
    Means means = { 0, g_new(double, len + 1), g_new(double, len + 1), g_new(size_t, len + 1),
                    g_new(const Visit *, len + 1) };

    for (guint v = 0; v < len; v++) {
        const Visit *visit = visits->visits->pdata[v];
        TruthBaseline baseline;

        if (!visits_belong(visits, visit, row->condition_index))
            continue;
        baseline = truth_baseline(visits, visit->condition);
        means.x[means.n] = truth_visit_number(row->truth, visit, &baseline);
        means.y[means.n] = visit_mean(visit, estimator);
        means.block[means.n] =
            (size_t) visit->condition * 100000u + (size_t) visit->repeat % 100000u;
        means.visit[means.n] = visit;
        means.n += !isnan(means.x[means.n]) && !isnan(means.y[means.n]);
    }
    return means;
}

/* Core % is a straight line of V:P %: both count vCPUs, with and without the micro guest's. */
static double
on_core_axis(const Means *means, double vp_percent)
{
    g_autofree double *core = g_new(double, means->n + 1);
    LineFit line;

    for (size_t i = 0; i < means->n; i++)
        core[i] = means->visit[i]->core_percent;
    if (!line_fit(means->x, core, NULL, means->n, &line))
        return NAN;
    return line.intercept + line.slope * vp_percent;
}

static void
judge_shape(EvaluationRow *row, const Means *means)
{
    g_autofree ShapePoint *points = g_new(ShapePoint, means->n + 1);

    for (size_t i = 0; i < means->n; i++)
        points[i] = (ShapePoint){ means->x[i], means->y[i], means->block[i] };
    row->has_shape = means->n > 0;
    row->shape = shape_judge(points, means->n);
    if (!row->shape.has_knee)
        return;
    row->knee = row->shape.knee;
    row->knee_core =
        (CurveKnee){ on_core_axis(means, row->knee.at), on_core_axis(means, row->knee.low),
                     on_core_axis(means, row->knee.high) };
}

static void
test_means(EvaluationRow *row, const Visits *visits)
{
    Means means = collect_means(row, visits);

    row->p_value = permutation_p(means.x, means.y, means.block, means.n, SHUFFLES);
    if (row->truth == TRUTH_VP)
        judge_shape(row, &means);
    means_clear(&means);
}

EvaluationRow
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
        .detection_delay_seconds = NAN,
        .knee = { NAN, NAN, NAN },
        .knee_core = { NAN, NAN, NAN },
        .p_holm = NAN,
    };

    row.primary = truth == TRUTH_VP && g_str_equal(estimator->name, PRIMARY_ESTIMATOR) &&
                  g_str_equal(row.condition, PRIMARY_CONDITION);
    associate(&row, evidence);
    discriminate(&row, labelled);
    row.detection_delay_seconds = detection_delay_seconds(visits, &row);
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

    pace_begin("judging estimators", ESTIMATOR_COUNT * TRUTHS * (visits->conditions->len + 1));
    for (size_t e = 0; e < ESTIMATOR_COUNT; e++) {
        for (int c = -1; c < (int) visits->conditions->len; c++) {
            if (c >= 0 && control_is(visits->conditions->pdata[c]))
                continue;
            for (int t = 0; t < TRUTHS; t++) {
                EvaluationRow row = evaluate_one(visits, estimator_list[e], c, (Truth) t);

                g_array_append_val(rows, row);
                pace_step();
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
