/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/live_judge.h"

#include <math.h>

#include "common/base/cpuinfo.h"

struct LiveJudge {
    GArray *thresholds;
    char *estimator;
    ThresholdKey here;
    bool settled;
    Judge judge;
    StatVerdict verdict;
};

ThresholdKey
guest_key(const Sysroot *root, CpuidFunc cpuid, CounterSource source, const char *cpu_model,
          const char *load)
{
    ThresholdKey key = threshold_key_said(
        source == COUNTER_SOURCE_EMULATED ? THRESHOLD_EMULATED_CPU : cpu_model, load);
    g_autoptr(CpuInfo) cpu = cpuinfo_read(root, NULL);
    bool emulated = g_strcmp0(key.counters, "emulated") == 0;

    key.hypervisor = g_strdup(hypervisor_detect(cpuid).name);
    if (!key.counters)
        key.counters = g_strdup(counter_source_name(source));
    if (cpu && !key.cpu_model && *cpu->model_name)
        key.cpu_model = g_strdup(cpu->model_name);
    if (cpu && !emulated && *cpu->microcode)
        key.microcode = threshold_microcode_family(cpu->microcode);
    return key;
}

LiveJudge *
live_judge_new(const char *path, const char *estimator, ThresholdKey *here, GError **error)
{
    GArray *thresholds = thresholds_load(path, error);
    LiveJudge *live;

    if (!thresholds)
        return NULL;
    live = g_new0(LiveJudge, 1);
    live->thresholds = thresholds;
    live->estimator = g_strdup(estimator);
    live->here = *here;
    *here = (ThresholdKey){ NULL };
    return live;
}

void
live_judge_free(LiveJudge *live)
{
    if (!live)
        return;

    g_array_unref(live->thresholds);
    g_free(live->estimator);
    threshold_key_clear(&live->here);
    g_free(live);
}

GuestView
stat_window_view(const StatWindow *window)
{
    const char *names[STAT_ROWS_MAX];
    double values[STAT_ROWS_MAX];

    for (unsigned i = 0; i < window->n_rows; i++) {
        const StatRow *row = &window->rows[i];

        names[i] = row->event ? row->event->name : row->name;
        values[i] = row->supported ? row->value : NAN;
    }
    return guest_view_of((double) window->elapsed_ns / 1e9, names, values, window->n_rows);
}

JudgedWindow
live_judge_window(LiveJudge *live, StatWindow *window)
{
    GuestView view = stat_window_view(window);
    unsigned able = estimators_able(&view);
    JudgedWindow judged;

    if (!live->settled)
        live->judge = judge_new(live->thresholds, &live->here, live->estimator, able);
    live->settled |= live->judge.threshold != NULL;
    judged =
        judge_window(&live->judge, (double) (window->end_ns - window->elapsed_ns) / 1e9, &view);
    live->verdict = (StatVerdict){
        .estimator = live->judge.threshold ? live->judge.threshold->estimator->name : "",
        .value = judged.value,
        .threshold = live->judge.threshold ? live->judge.threshold->threshold : NAN,
        .match = threshold_match_name(live->judge.match),
        .verdict = judge_verdict_name(judged.verdict),
        .reason = judged.reason ? judged.reason : "",
    };
    window->verdict = &live->verdict;
    return judged;
}

const Judge *
live_judge_state(const LiveJudge *live)
{
    return &live->judge;
}
