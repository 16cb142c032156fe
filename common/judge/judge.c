/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/judge/judge.h"

#include <math.h>

#include "common/base/json_text.h"

const char *
judge_verdict_name(JudgeVerdict verdict)
{
    static const char *const names[] = { "overcommitted", "ok", "unknown" };

    return names[verdict];
}

Judge
judge_new(const GArray *thresholds, const ThresholdKey *here, const char *estimator, unsigned able)
{
    Judge judge = { .threshold = thresholds_choose(thresholds, here, estimator, able) };

    if (judge.threshold) {
        judge.match = threshold_match(&judge.threshold->key, here);
        judge.mismatch = threshold_mismatch(&judge.threshold->key, here);
    }
    return judge;
}

/* NULL: there is nothing against a verdict. */
static const char *
why_unknown(const Judge *judge, double value)
{
    if (!judge->threshold)
        return "no threshold fits the counts that are there";
    if (judge->mismatch)
        return judge->mismatch;
    return isnan(value) ? "not counted in this window" : NULL;
}

JudgedWindow
judge_window(Judge *judge, double t_seconds, const GuestView *view)
{
    const Threshold *threshold = judge->threshold;
    JudgedWindow window = { .t_seconds = t_seconds, .value = NAN, .verdict = VERDICT_UNKNOWN };
    bool beyond;

    if (threshold)
        window.value = estimator_value(threshold->estimator, view);
    window.reason = why_unknown(judge, window.value);
    if (window.reason)
        return window;

    beyond = threshold->above ? window.value > threshold->threshold
                              : window.value < threshold->threshold;
    window.verdict = beyond ? VERDICT_OVERCOMMITTED : VERDICT_FINE;
    judge->known++;
    judge->overcommitted += beyond;
    return window;
}

bool
judge_is_overcommitted(const Judge *judge)
{
    return judge->known > 0 && 2 * judge->overcommitted >= judge->known;
}

char *
judged_window_json(const Judge *judge, const JudgedWindow *window)
{
    const Threshold *threshold = judge->threshold;
    JsonText object = json_text_begin();

    json_text_double(&object, "t_seconds", window->t_seconds);
    json_text_string(&object, "estimator", threshold ? threshold->estimator->name : NULL);
    json_text_double(&object, "value", window->value);
    json_text_double(&object, "threshold", threshold ? threshold->threshold : NAN);
    json_text_string(&object, "match", threshold_match_name(judge->match));
    json_text_string(&object, "verdict", judge_verdict_name(window->verdict));
    return json_text_end(&object);
}

char *
judge_summary(const Judge *judge)
{
    const Threshold *threshold = judge->threshold;
    bool emulated = threshold && g_strcmp0(threshold->key.counters, "emulated") == 0;

    if (!threshold)
        return g_strdup("No threshold fits the counters that are there.");
    return g_strdup_printf(
        "%u of %u known windows overcommitted by %s %s %.6g (match: %s%s%s%s%s%s)",
        judge->overcommitted, judge->known, threshold->estimator->name,
        threshold->above ? "above" : "below", threshold->threshold,
        threshold_match_name(judge->match), judge->mismatch ? ": " : "",
        judge->mismatch ? judge->mismatch : "", judge->mismatch ? "; learned on " : "",
        judge->mismatch ? (threshold->key.cpu_model ? threshold->key.cpu_model : "no known CPU")
                        : "",
        emulated ? "; the threshold is emulated, no fact about silicon" : "");
}

GuestView
perf_window_view(const PerfFile *file, const PerfWindow *window)
{
    return guest_view_of(window->end_seconds - window->start_seconds,
                         (const char *const *) file->events->pdata, window->value,
                         file->events->len);
}

Judgement *
judge_perf_file(const PerfFile *file, const GArray *thresholds, const ThresholdKey *here,
                const char *estimator)
{
    Judgement *judgement;
    unsigned able = 0;
    Judge judge;

    for (guint i = 0; i < file->windows->len; i++) {
        GuestView view = perf_window_view(file, &g_array_index(file->windows, PerfWindow, i));

        able |= estimators_able(&view);
    }
    judge = judge_new(thresholds, here, estimator, able);
    judgement = judgement_new(&judge);
    for (guint i = 0; i < file->windows->len; i++) {
        const PerfWindow *window = &g_array_index(file->windows, PerfWindow, i);
        GuestView view = perf_window_view(file, window);

        judgement_add(judgement, window->start_seconds, &view);
    }
    return judgement;
}

Judgement *
judgement_new(const Judge *judge)
{
    Judgement *judgement = g_new0(Judgement, 1);

    judgement->judge = *judge;
    judgement->windows = g_array_new(FALSE, FALSE, sizeof(JudgedWindow));
    return judgement;
}

void
judgement_add(Judgement *judgement, double t_seconds, const GuestView *view)
{
    JudgedWindow window = judge_window(&judgement->judge, t_seconds, view);

    g_array_append_val(judgement->windows, window);
}

void
judgement_free(Judgement *judgement)
{
    if (!judgement)
        return;

    g_array_unref(judgement->windows);
    g_free(judgement);
}
