/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/stats/roc.h"

#include <glib.h>
#include <gsl/gsl_sort.h>
#include <math.h>

#include "correlate/stats/association.h"

double
auc_of(const double *values, const int *labels, size_t n)
{
    g_autofree double *ranks = g_new(double, n + 1);
    double sum = 0, positives = 0, negatives;

    rank_of(values, n, ranks);
    for (size_t i = 0; i < n; i++) {
        sum += labels[i] ? ranks[i] : 0;
        positives += labels[i] ? 1 : 0;
    }
    negatives = (double) n - positives;
    if (positives == 0 || negatives == 0)
        return NAN;
    return (sum - positives * (positives + 1) / 2) / (positives * negatives);
}

typedef bool (*CutFunc)(const RocCut *cut, void *data);

/* Calls `each` for every cut between neighbouring values, from the strictest to the laxest. */
static bool
walk_cuts(const double *values, const int *labels, size_t n, bool above, CutFunc each, void *data)
{
    g_autofree size_t *order = g_new(size_t, n + 1);
    double positives = 0, hits = 0, alarms = 0;

    gsl_sort_index(order, values, 1, n);
    for (size_t i = 0; i < n; i++)
        positives += labels[i] ? 1 : 0;
    if (positives == 0 || positives == (double) n || values[order[0]] == values[order[n - 1]])
        return false; /* one value cannot be cut */

    for (size_t i = 0; i < n; i++) {
        size_t at = above ? order[n - 1 - i] : order[i];
        double next = i + 1 < n ? values[above ? order[n - 2 - i] : order[i + 1]] : values[at];
        RocCut cut = { .above = above, .threshold = (values[at] + next) / 2 };

        hits += labels[at] ? 1 : 0;
        alarms += labels[at] ? 0 : 1;
        if (i + 1 < n && next == values[at])
            continue;
        if (i + 1 == n)
            cut.threshold =
                above ? nextafter(values[at], -INFINITY) : nextafter(values[at], INFINITY);
        cut.sensitivity = hits / positives;
        cut.false_alarm_ratio = alarms / ((double) n - positives);
        cut.specificity = 1 - cut.false_alarm_ratio;
        each(&cut, data);
    }
    return true;
}

typedef struct {
    RocCut best;
    double wished, score;
    bool found;
} Search;

static bool
take_youden(const RocCut *cut, void *data)
{
    Search *search = data;
    double j = cut->sensitivity + cut->specificity - 1;

    if (!search->found || j > search->score + 1e-12) {
        search->best = *cut;
        search->score = j;
        search->found = true;
    }
    return true;
}

static bool
take_quiet(const RocCut *cut, void *data)
{
    Search *search = data;

    if (cut->false_alarm_ratio <= search->wished + 1e-12) {
        search->best = *cut;
        search->found = true;
    }
    return true;
}

bool
roc_best_cut(const double *values, const int *labels, size_t n, bool above, RocCut *ret_cut)
{
    Search search = { .found = false };

    if (!walk_cuts(values, labels, n, above, take_youden, &search) || !search.found)
        return false;
    *ret_cut = search.best;
    return true;
}

bool
roc_cut_for_false_alarms(const double *values, const int *labels, size_t n, bool above,
                         double wished_ratio, RocCut *ret_cut)
{
    Search search = { .wished = wished_ratio };

    if (!walk_cuts(values, labels, n, above, take_quiet, &search) || !search.found)
        return false;
    *ret_cut = search.best;
    return true;
}

RocCut
roc_score_cut(const double *values, const int *labels, size_t n, bool above, double threshold)
{
    double hits = 0, alarms = 0, positives = 0;
    RocCut cut = { .above = above, .threshold = threshold };

    for (size_t i = 0; i < n; i++) {
        bool said = above ? values[i] > threshold : values[i] < threshold;

        positives += labels[i] ? 1 : 0;
        hits += said && labels[i] ? 1 : 0;
        alarms += said && !labels[i] ? 1 : 0;
    }
    cut.sensitivity = positives > 0 ? hits / positives : NAN;
    cut.false_alarm_ratio = positives < (double) n ? alarms / ((double) n - positives) : NAN;
    cut.specificity = 1 - cut.false_alarm_ratio;
    return cut;
}

typedef struct {
    RocPoint *points;
    size_t n;
} Curve;

static bool
take_point(const RocCut *cut, void *data)
{
    Curve *curve = data;

    curve->points[curve->n++] = (RocPoint){ cut->false_alarm_ratio, cut->sensitivity };
    return true;
}

size_t
roc_curve(const double *values, const int *labels, size_t n, bool above, RocPoint *ret_points)
{
    Curve curve = { .points = ret_points, .n = 1 };

    ret_points[0] = (RocPoint){ 0, 0 };
    return walk_cuts(values, labels, n, above, take_point, &curve) ? curve.n : 0;
}
