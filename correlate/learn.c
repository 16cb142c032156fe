/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/learn.h"

#include <math.h>

#include "common/base/failure.h"
#include "common/base/pace.h"
#include "correlate/learn_data.h"
#include "correlate/stats/auc_interval.h"
#include "correlate/stats/roc.h"

#define RESAMPLES 500

static const char *const heldout_names[] = { "repeat", "load", "host" };

static bool
find_cut(const double *values, const int *labels, size_t n, const LearnOptions *options,
         RocCut *ret_cut)
{
    bool above = auc_of(values, labels, n) >= 0.5;

    return isnan(options->wished_false_alarms)
               ? roc_best_cut(values, labels, n, above, ret_cut)
               : roc_cut_for_false_alarms(values, labels, n, above, options->wished_false_alarms,
                                          ret_cut);
}

/* The windows inside a fold, or all but those. */
static size_t
pick(const LearnWindows *windows, size_t fold, bool inside, double *values, int *labels)
{
    size_t n = 0;

    for (size_t i = 0; i < windows->n; i++) {
        if ((windows->fold[i] == fold) != inside)
            continue;
        values[n] = windows->value[i];
        labels[n++] = windows->label[i];
    }
    return n;
}

/* Every fold is scored by the cut that all others found; rates are over all windows. */
static void
score_held_out(const LearnWindows *windows, const LearnOptions *options, Threshold *threshold)
{
    g_autofree double *values = g_new(double, windows->n + 1);
    g_autofree int *labels = g_new(int, windows->n + 1);
    double hits = 0, positives = 0, rejections = 0, negatives = 0;

    for (size_t fold = 0; fold < windows->folds; fold++) {
        RocCut cut;
        size_t n = pick(windows, fold, false, values, labels);

        if (!find_cut(values, labels, n, options, &cut))
            continue;
        n = pick(windows, fold, true, values, labels);
        for (size_t i = 0; i < n; i++) {
            bool said = cut.above ? values[i] > cut.threshold : values[i] < cut.threshold;

            positives += labels[i];
            hits += labels[i] && said;
            negatives += !labels[i];
            rejections += !labels[i] && !said;
        }
    }
    threshold->heldout_sensitivity = positives > 0 ? hits / positives : NAN;
    threshold->heldout_specificity = negatives > 0 ? rejections / negatives : NAN;
}

static char **
identities(const GPtrArray *group)
{
    char **names = g_new0(char *, group->len + 1);

    for (guint i = 0; i < group->len; i++)
        names[i] = g_strdup(((const LearnSet *) group->pdata[i])->analysis->facts->run.uuid);
    return names;
}

static void
learn_one(GArray *thresholds, const GPtrArray *group, const Estimator *estimator, Truth truth,
          const LearnOptions *options)
{
    g_autoptr(LearnWindows) windows =
        learn_windows_new(group, estimator_index(estimator), truth, options->hold_out);
    g_autofree AucWindow *columns = g_new(AucWindow, windows->n + 1);
    const LearnSet *first = group->pdata[0];
    AucInterval interval;
    Threshold threshold;
    RocCut cut;

    for (size_t i = 0; i < windows->n; i++)
        columns[i] = (AucWindow){ windows->value[i], windows->label[i], windows->visit[i],
                                  windows->level[i] };
    if (windows->folds < 2 || !auc_interval(columns, windows->n, RESAMPLES, &interval) ||
        !find_cut(windows->value, windows->label, windows->n, options, &cut))
        return;

    threshold = (Threshold){ .key = threshold_key_copy(&first->key),
                             .estimator = estimator,
                             .truth = g_strdup(truth_name(truth)),
                             .above = cut.above,
                             .threshold = cut.threshold,
                             .auc = interval.auc,
                             .auc_low = interval.low,
                             .auc_high = interval.high,
                             .heldout = g_strdup(heldout_names[options->hold_out]),
                             .datasets = identities(group) };
    if (options->hold_out == HOLD_OUT_LOADS)
        g_clear_pointer(&threshold.key.load, g_free); /* it belongs to no one load */
    score_held_out(windows, options, &threshold);
    g_array_append_val(thresholds, threshold);
}

/* All datasets that belong together with the first unused one. */
static GPtrArray *
next_group(const GPtrArray *sets, HoldOut hold_out)
{
    GPtrArray *group = g_ptr_array_new();

    for (guint i = 0; i < sets->len; i++) {
        LearnSet *set = sets->pdata[i];

        if (set->used || (group->len > 0 && !learn_sets_together(group->pdata[0], set, hold_out)))
            continue;
        set->used = true;
        g_ptr_array_add(group, set);
    }
    return group;
}

static bool
has_two_of(const GPtrArray *group, HoldOut hold_out)
{
    const LearnSet *first = group->pdata[0];

    for (guint i = 1; i < group->len; i++) {
        const LearnSet *set = group->pdata[i];

        if (g_strcmp0(hold_out == HOLD_OUT_LOADS ? set->key.load : set->host,
                      hold_out == HOLD_OUT_LOADS ? first->key.load : first->host) != 0)
            return true;
    }
    return hold_out == HOLD_OUT_REPEATS;
}

GArray *
learn_thresholds(char **paths, const LearnOptions *options, GError **error)
{
    g_autoptr(GPtrArray) sets = learn_sets_load(paths, options, error);
    g_autoptr(GArray) thresholds = thresholds_new();

    while (sets) {
        g_autoptr(GPtrArray) group = next_group(sets, options->hold_out);
        const LearnSet *first = group->len ? group->pdata[0] : NULL;

        if (!first)
            return g_steal_pointer(&thresholds);
        if (!has_two_of(group, options->hold_out)) {
            failure_set(
                error, FAILURE_FAILED,
                "%s: to hold out %ss takes datasets of at least two of them for the same CPU",
                dataset_reader_path(first->analysis->reader), heldout_names[options->hold_out]);
            return NULL;
        }
        pace_begin("learning thresholds", ESTIMATOR_COUNT * TRUTHS);
        for (size_t e = 0; e < ESTIMATOR_COUNT; e++)
            for (int t = 0; t < TRUTHS; t++, pace_step())
                learn_one(thresholds, group, estimator_list[e], (Truth) t, options);
    }
    return NULL;
}
