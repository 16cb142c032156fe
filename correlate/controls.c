/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/controls.h"

#include <math.h>

typedef enum {
    LEFT_OUT,
    QUIET,
    OVERCOMMITTED,
    REFUSED_CHECK,
    REFUSED_LOAD,
    REFUSED_WAIT,
    REFUSED_EMPTY
} Part;

static const char *const refusals[] = {
    [REFUSED_CHECK] = "its steal check failed: the visit was not what it claims",
    [REFUSED_LOAD] = "its load was over 50 %: something may have been shared in it",
    [REFUSED_WAIT] = "its vCPU waited more than 5 % of the time it wanted: somebody else was there",
    [REFUSED_EMPTY] = "no window of it is evidence: see what was left out",
};

static void
row_clear(void *data)
{
    g_free(((ControlRow *) data)->name);
}

GArray *
controls_new(void)
{
    GArray *controls = g_array_new(FALSE, FALSE, sizeof(ControlRow));

    g_array_set_clear_func(controls, row_clear);
    return controls;
}

/* 1 overcommitted, 0 not, -1 neither. */
static int
label_of(const Visit *visit)
{
    const TruthBaseline none = { NAN };
    const WindowValues window = { 0 };

    return truth_label(TRUTH_VP, visit, &window, &none);
}

static bool
has_room(const Visit *visit)
{
    bool alone = visit->vp_percent == 0 && visit->host_hogs == 0 && label_of(visit) == 0;

    return alone || visit->load_percent <= CONTROL_MOST_LOAD_PERCENT;
}

/* What a visit shows, of a control by its name or of an ordinary condition. */
static Part
part_of(const Visit *visit, bool control)
{
    int label = label_of(visit);

    if (!control && (label != 0 || visit->kept->len == 0))
        return LEFT_OUT;
    if (visit->kept->len == 0)
        return REFUSED_EMPTY;
    if (visit->steal_pass == 0)
        return REFUSED_CHECK;
    if (label == 1 && visit->host_hogs > 0)
        return OVERCOMMITTED;
    if (control && !has_room(visit))
        return REFUSED_LOAD;
    return control && visit_delay_share(visit) > TRUTH_DELAY_SHARE ? REFUSED_WAIT : QUIET;
}

/* The share of one part's windows that lie beyond the threshold. */
static double
alarms(const Visits *visits, guint condition, bool control, Part part, size_t estimator,
       const EvaluationRow *row)
{
    guint64 alarms = 0, windows = 0;

    for (guint v = 0; v < visits->visits->len; v++) {
        const Visit *visit = visits->visits->pdata[v];

        if (visit->condition != condition || part_of(visit, control) != part)
            continue;
        for (guint i = 0; i < visit->kept->len; i++) {
            double value = g_array_index(visit->kept, WindowValues, i).value[estimator];

            if (isnan(value))
                continue;
            windows++;
            alarms += row->above ? value > row->threshold : value < row->threshold;
        }
    }
    return windows ? (double) alarms / (double) windows : NAN;
}

static void
count_visits(const Visits *visits, guint condition, bool control, ControlRow *row)
{
    for (guint v = 0; v < visits->visits->len; v++) {
        const Visit *visit = visits->visits->pdata[v];
        Part part = visit->condition == condition ? part_of(visit, control) : LEFT_OUT;

        row->visits += part == QUIET;
        row->overcommitted += part == OVERCOMMITTED;
        if (part < REFUSED_CHECK)
            continue;
        row->refused++;
        if (!row->refusal)
            row->refusal = refusals[part];
    }
}

static void
score_condition(GArray *controls, const Visits *visits, guint condition, bool control,
                const GArray *rows, const char *name)
{
    ControlRow row = { 0 };

    count_visits(visits, condition, control, &row);
    if (row.visits + row.overcommitted + row.refused == 0)
        return;
    row.name = g_strdup(name);
    for (size_t e = 0; e < ESTIMATOR_COUNT; e++) {
        const EvaluationRow *cut = control_threshold(rows, e);

        row.false_alarm_ratio[e] = cut ? alarms(visits, condition, control, QUIET, e, cut) : NAN;
        row.detected_ratio[e] =
            cut ? alarms(visits, condition, control, OVERCOMMITTED, e, cut) : NAN;
    }
    g_array_append_val(controls, row);
}

void
controls_score(GArray *controls, const Visits *visits, const GArray *rows, const char *run)
{
    for (guint c = 0; c < visits->conditions->len; c++) {
        const char *condition = visits->conditions->pdata[c];
        bool named = control_is(condition);
        g_autofree char *name = named ? g_strdup(condition)
                                : run ? g_strdup_printf("%s: %s", run, condition)
                                      : g_strdup_printf("%s, up to 100 %% load", condition);

        if (named || run || !g_str_equal(condition, "quiet"))
            score_condition(controls, visits, c, named || run, rows, name);
    }
}

const EvaluationRow *
control_threshold(const GArray *rows, size_t estimator)
{
    const EvaluationRow *primary = evaluation_primary(rows);
    const EvaluationRow *row =
        evaluation_find(rows, estimator_list[estimator]->name,
                        primary ? primary->condition : EVALUATION_POOLED, TRUTH_VP);

    return row && !isnan(row->threshold) ? row : NULL;
}

size_t
control_estimator(const GArray *rows)
{
    const EvaluationRow *primary = evaluation_primary(rows);

    return primary ? estimator_index(primary->estimator) : 0;
}
