/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/judge.h"

#include "correlate/analysis.h"
#include "correlate/run_key.h"

typedef struct {
    Judgement *judgement;
    int64_t first_ns; /* start of the first visit */
    unsigned able;    /* estimators with a value in any window */
} DatasetPass;

static bool
note_able(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    DatasetPass *pass = data;

    pass->able |= estimators_able(&window->guest);
    return true;
}

static bool
add_window(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    DatasetPass *pass = data;

    judgement_add(pass->judgement, (double) (window->start_ns - pass->first_ns) / 1e9,
                  &window->guest);
    return true;
}

Judgement *
judge_dataset(const char *path, const GArray *thresholds, const char *estimator, GError **error)
{
    g_autoptr(DatasetReader) reader = dataset_reader_open(path, error);
    g_autoptr(ClockTable) clocks = reader ? clock_table_new(reader, error) : NULL;
    g_autoptr(Judgement) judgement = NULL;
    const DatasetFacts *facts = reader ? dataset_reader_facts(reader) : NULL;
    Exclusions ignored = { 0 };
    DatasetPass pass = { 0 };
    ThresholdKey here;
    Judge judge;

    if (!clocks || !analysis_walk(reader, clocks, false, note_able, &pass, &ignored, error))
        return NULL;
    here = run_key(&facts->run);
    judge = judge_new(thresholds, &here, estimator, pass.able);
    threshold_key_clear(&here);

    judgement = pass.judgement = judgement_new(&judge);
    if (facts->visits->len > 0)
        pass.first_ns = g_array_index(facts->visits, DatasetVisit, 0).start_raw_ns;
    if (!analysis_walk(reader, clocks, false, add_window, &pass, &ignored, error))
        return NULL;
    return g_steal_pointer(&judgement);
}
