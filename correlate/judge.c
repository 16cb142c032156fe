/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/judge.h"

#include <math.h>

#include "common/base/failure.h"
#include "correlate/analysis.h"
#include "correlate/perf_file.h"
#include "correlate/run_key.h"

const char *
judge_verdict_name(JudgeVerdict verdict)
{
    static const char *const names[] = { "overcommitted", "ok", "unknown" };

    return names[verdict];
}

JudgeVerdict
judge_value(const Threshold *threshold, ThresholdMatch match, double value)
{
    if (!threshold || match == MATCH_NONE || isnan(value))
        return VERDICT_UNKNOWN;
    return (threshold->above ? value > threshold->threshold : value < threshold->threshold)
               ? VERDICT_OVERCOMMITTED
               : VERDICT_FINE;
}

static Judgement *
judgement_new(const Threshold *threshold, const ThresholdKey *here)
{
    Judgement *judgement = g_new0(Judgement, 1);

    judgement->threshold = threshold;
    judgement->match = threshold ? threshold_match(&threshold->key, here) : MATCH_NONE;
    judgement->windows = g_array_new(FALSE, FALSE, sizeof(JudgedWindow));
    return judgement;
}

void
judgement_free(Judgement *judgement)
{
    if (!judgement)
        return;

    g_array_unref(judgement->windows);
    g_free(judgement);
}

static void
add(Judgement *judgement, double t_seconds, const GuestView *view)
{
    JudgedWindow window = { .t_seconds = t_seconds, .value = NAN };

    if (judgement->threshold)
        window.value = estimator_value(judgement->threshold->estimator, view);
    window.verdict = judge_value(judgement->threshold, judgement->match, window.value);
    judgement->known += window.verdict != VERDICT_UNKNOWN;
    judgement->overcommitted += window.verdict == VERDICT_OVERCOMMITTED;
    g_array_append_val(judgement->windows, window);
}

bool
judgement_is_overcommitted(const Judgement *judgement)
{
    return judgement->known > 0 && 2 * judgement->overcommitted >= judgement->known;
}

/* Which estimators a list of counters suffices for: the fields that are there, as bits. */
static bool
has_fields(const Estimator *estimator, void *data)
{
    return (estimator->needs & ~*(unsigned *) data) == 0;
}

static GuestField
field_of(const char *event)
{
    g_autofree char *column = event_column(event);

    for (int f = 0; f < GUEST_FIELDS; f++)
        if (g_str_equal(guest_field_columns[f], column))
            return (GuestField) f;
    return (GuestField) GUEST_FIELDS;
}

typedef struct {
    Judgement *judgement;
    int64_t first_ns; /* start of the first visit */
    unsigned fields;  /* seen in any window */
} DatasetPass;

static bool
note_fields(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    DatasetPass *pass = data;

    for (int f = 0; f < GUEST_FIELDS; f++)
        if (isfinite(window->guest.count[f]))
            pass->fields |= 1u << f;
    return true;
}

static bool
judge_window(const WalkTarget *target, const Window *window, void *data, GError **error)
{
    DatasetPass *pass = data;

    add(pass->judgement, (double) (window->start_ns - pass->first_ns) / 1e9, &window->guest);
    return true;
}

/* Canary counts are 0 of 0 where no canary sang: that is no number, however much it is there. */
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

    if (!clocks || !analysis_walk(reader, clocks, false, note_fields, &pass, &ignored, error))
        return NULL;
    here = run_key(&facts->run);
    judgement = judgement_new(
        thresholds_choose(thresholds, &here, estimator, has_fields, &pass.fields), &here);
    threshold_key_clear(&here);

    pass.judgement = judgement;
    if (facts->visits->len > 0)
        pass.first_ns = g_array_index(facts->visits, DatasetVisit, 0).start_raw_ns;
    if (!analysis_walk(reader, clocks, false, judge_window, &pass, &ignored, error))
        return NULL;
    return g_steal_pointer(&judgement);
}

static GuestView
view_of(const PerfFile *file, const PerfWindow *window)
{
    GuestView view = { .seconds = window->end_seconds - window->start_seconds };

    for (int f = 0; f < GUEST_FIELDS; f++)
        view.count[f] = NAN;
    for (guint e = 0; e < file->events->len; e++) {
        GuestField field = field_of(file->events->pdata[e]);

        if ((int) field < GUEST_FIELDS)
            view.count[field] = window->value[e];
    }
    return view;
}

Judgement *
judge_perf_file(const char *path, const GArray *thresholds, const ThresholdKey *here,
                const char *estimator, GError **error)
{
    g_autoptr(PerfFile) file = perf_file_load(path, -1, error);
    g_autoptr(Judgement) judgement = NULL;
    unsigned fields = 0;

    if (!file)
        return NULL;
    for (guint e = 0; e < file->events->len; e++)
        fields |= 1u << field_of(file->events->pdata[e]);
    judgement =
        judgement_new(thresholds_choose(thresholds, here, estimator, has_fields, &fields), here);
    for (guint i = 0; i < file->windows->len; i++) {
        const PerfWindow *window = &g_array_index(file->windows, PerfWindow, i);
        GuestView view = view_of(file, window);

        add(judgement, window->start_seconds, &view);
    }
    return g_steal_pointer(&judgement);
}
