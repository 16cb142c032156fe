/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/evidence.h"

#include <math.h>

static Evidence *
evidence_new(size_t capacity)
{
    Evidence *evidence = g_new0(Evidence, 1);

    evidence->value = g_new(double, capacity + 1);
    evidence->number = g_new(double, capacity + 1);
    evidence->label = g_new(int, capacity + 1);
    evidence->visit = g_new(size_t, capacity + 1);
    evidence->level = g_new(size_t, capacity + 1);
    return evidence;
}

void
evidence_free(Evidence *evidence)
{
    if (!evidence)
        return;

    g_free(evidence->value);
    g_free(evidence->number);
    g_free(evidence->label);
    g_free(evidence->visit);
    g_free(evidence->level);
    g_free(evidence);
}

static void
append(Evidence *to, double value, double number, int label, size_t visit, size_t level)
{
    size_t i = to->n++;

    if (i == 0 || to->visit[i - 1] != visit)
        to->visits++;
    to->value[i] = value;
    to->number[i] = number;
    to->label[i] = label;
    to->visit[i] = visit;
    to->level[i] = level;
}

/* The first visit with the same condition and load stands for the level. */
static size_t
level_of(const Visits *visits, size_t at)
{
    const Visit *visit = visits->visits->pdata[at];

    for (size_t i = 0; i < at; i++) {
        const Visit *other = visits->visits->pdata[i];

        if (other->condition == visit->condition &&
            (other->vp_percent == visit->vp_percent ||
             (isnan(other->vp_percent) && isnan(visit->vp_percent))))
            return i;
    }
    return at;
}

Evidence *
evidence_collect(const Visits *visits, size_t estimator, int condition, Truth truth)
{
    size_t capacity = 0;
    Evidence *evidence;

    for (guint v = 0; v < visits->visits->len; v++)
        capacity += ((const Visit *) visits->visits->pdata[v])->kept->len;
    evidence = evidence_new(capacity);

    for (guint v = 0; v < visits->visits->len; v++) {
        const Visit *visit = visits->visits->pdata[v];
        TruthBaseline baseline;
        size_t level;

        if (!visits_belong(visits, visit, condition))
            continue;
        baseline = truth == TRUTH_SLOWDOWN ? truth_baseline(visits, visit->condition)
                                           : (TruthBaseline){ NAN };
        level = level_of(visits, v);
        for (guint i = 0; i < visit->kept->len; i++) {
            const WindowValues *window = &g_array_index(visit->kept, WindowValues, i);
            double number = truth_number(truth, visit, window, &baseline);

            if (!isnan(window->value[estimator]) && !isnan(number))
                append(evidence, window->value[estimator], number,
                       truth_label(truth, visit, window, &baseline), v, level);
        }
    }
    return evidence;
}

Evidence *
evidence_labelled(const Evidence *evidence)
{
    Evidence *labelled = evidence_new(evidence->n);

    for (size_t i = 0; i < evidence->n; i++)
        if (evidence->label[i] >= 0)
            append(labelled, evidence->value[i], evidence->number[i], evidence->label[i],
                   evidence->visit[i], evidence->level[i]);
    return labelled;
}
