/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/controls.h"

#include <math.h>

bool
control_is(const char *condition)
{
    return g_str_has_prefix(condition, CONTROL_PREFIX);
}

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

/* Nothing is overcommitted; the boundary is neither one nor the other. */
static bool
is_negative(const Visits *visits, const Visit *visit)
{
    const TruthBaseline none = { NAN };
    const WindowValues window = { 0 };

    return truth_label(TRUTH_VP, visit, &window, &none) == 0;
}

static double
false_alarms(const Visits *visits, guint condition, size_t estimator, const EvaluationRow *row)
{
    guint64 alarms = 0, windows = 0;

    for (guint v = 0; v < visits->visits->len; v++) {
        const Visit *visit = visits->visits->pdata[v];

        if (visit->condition != condition || !is_negative(visits, visit))
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

static guint
count_visits(const Visits *visits, guint condition)
{
    guint n = 0;

    for (guint v = 0; v < visits->visits->len; v++) {
        const Visit *visit = visits->visits->pdata[v];

        n += visit->condition == condition && visit->kept->len > 0 && is_negative(visits, visit);
    }
    return n;
}

static void
score_condition(GArray *controls, const Visits *visits, guint condition, const GArray *rows,
                const char *where, const char *name)
{
    ControlRow control = { .name = g_strdup(name), .visits = count_visits(visits, condition) };

    for (size_t e = 0; e < ESTIMATOR_COUNT; e++) {
        const EvaluationRow *row = evaluation_find(rows, estimator_list[e]->name, where, TRUTH_VP);

        control.false_alarm_ratio[e] =
            row && !isnan(row->threshold) ? false_alarms(visits, condition, e, row) : NAN;
    }
    if (control.visits > 0)
        g_array_append_val(controls, control);
    else
        g_free(control.name);
}

void
controls_score(GArray *controls, const Visits *visits, const GArray *rows, const char *run)
{
    const EvaluationRow *primary = evaluation_primary(rows);
    const char *where = primary ? primary->condition : EVALUATION_POOLED;

    for (guint c = 0; c < visits->conditions->len; c++) {
        const char *condition = visits->conditions->pdata[c];
        g_autofree char *name = run ? g_strdup_printf("%s: %s", run, condition)
                                : control_is(condition)
                                    ? g_strdup(condition)
                                    : g_strdup_printf("%s, up to 100 %% load", condition);

        if (run || !g_str_equal(condition, "quiet"))
            score_condition(controls, visits, c, rows, where, name);
    }
}

size_t
control_estimator(const GArray *rows)
{
    const EvaluationRow *primary = evaluation_primary(rows);

    return primary ? estimator_index(primary->estimator) : 0;
}
