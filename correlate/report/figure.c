/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/figure.h"

#include "common/base/pace.h"
#include "correlate/report/figure_scripts.h"
#include "correlate/report/gnuplot.h"

void
figure_free(Figure *figure)
{
    if (!figure)
        return;

    g_free(figure->name);
    g_free(figure->title);
    g_free(figure->caption);
    g_free(figure->alt);
    g_free(figure->svg);
    g_free(figure->failure);
    g_free(figure);
}

/* A figure before gnuplot has seen it. */
typedef struct {
    Figure *figure;
    int width, height;
    char *script;
} Draft;

static void
draft_free(void *data)
{
    Draft *draft = data;

    figure_free(draft->figure);
    g_free(draft->script);
    g_free(draft);
}

static Figure *
draw(Draft *draft)
{
    g_autoptr(GError) error = NULL;
    Figure *figure = g_steal_pointer(&draft->figure);

    figure->svg =
        gnuplot_draw(figure->name, draft->width, draft->height, figure->alt, draft->script, &error);
    figure->failure = error ? g_strdup(error->message) : NULL;
    return figure;
}

/* Takes all texts over; a script of NULL (nothing to draw) adds nothing. */
static void
add(GPtrArray *drafts, const char *name, int width, int height, char *script, char *title,
    char *caption, char *alt)
{
    Draft *draft = g_new0(Draft, 1);
    Figure *figure = g_new0(Figure, 1);

    figure->name = g_ascii_strdown(name, -1);
    figure->title = title;
    figure->caption = caption;
    figure->alt = alt;
    for (char *c = figure->name; *c; c++)
        if (!g_ascii_isalnum(*c))
            *c = '-';
    *draft = (Draft){ figure, width, height, script };
    if (script)
        g_ptr_array_add(drafts, draft);
    else
        draft_free(draft);
}

static void
add_surface(GPtrArray *drafts, const Analysis *analysis, const Estimator *estimator,
            guint condition)
{
    const char *name = analysis->visits->conditions->pdata[condition];
    g_autofree char *file = g_strdup_printf("surface-%s-%s", estimator->name, name);

    add(drafts, file, 620, 440,
        script_of_surface(analysis, estimator_index(estimator), (int) condition),
        g_strdup_printf("%s, %s", estimator->name, name),
        g_strdup_printf("Time × V:P load × %s, mean over the repeats, in the condition "
                        "“%s”. The dashed line stands at V:P 100 %%.",
                        estimator->meaning, name),
        g_strdup_printf("Surface of %s over time and V:P load in the condition %s",
                        estimator->meaning, name));
}

static void
add_surfaces(GPtrArray *drafts, const Analysis *analysis)
{
    static const char *const estimators[] = { "branch_misses_per_cycle", "cache_misses_per_cycle" };

    for (guint e = 0; e < G_N_ELEMENTS(estimators); e++)
        for (guint c = 0; c < analysis->visits->conditions->len; c++)
            if (!control_is(analysis->visits->conditions->pdata[c]))
                add_surface(drafts, analysis, estimator_find(estimators[e]), c);
}

static void
add_loads(GPtrArray *drafts, const Analysis *analysis)
{
    static const char *const estimators[] = { "branch_misses_per_cycle", "branch_miss_rate",
                                              "cache_misses_per_cycle", "cpi", "canary_miss_rate" };

    for (guint e = 0; e < G_N_ELEMENTS(estimators); e++) {
        const Estimator *estimator = estimator_find(estimators[e]);
        g_autofree char *file = g_strdup_printf("load-%s", estimator->name);

        add(drafts, file, 620, 380, script_of_load(analysis, estimator_index(estimator)),
            g_strdup_printf("%s against load", estimator->name),
            g_strdup_printf("One point is the mean of one visit; hollow ones are boundary "
                            "visits (one vCPU more than CPUs), which count for no class. Lines are "
                            "the fitted shapes, a band is the interval of a threshold. What is "
                            "shown: %s.",
                            estimator->meaning),
            g_strdup_printf("Visit means of %s against V:P load, by condition", estimator->name));
    }
}

static void
add_roc(GPtrArray *drafts, const Analysis *analysis)
{
    const EvaluationRow *primary = evaluation_primary(analysis->estimators);

    if (!primary)
        return;
    add(drafts, "roc", 620, 420, script_of_roc(analysis, primary->condition),
        g_strdup_printf("ROC, %s", primary->condition),
        g_strdup("Each curve is one number cut at every height; the dot is the threshold with "
                 "the largest sum of sensitivity and specificity. The diagonal is guessing. "
                 "It was scored on the windows it was found on: what a threshold is worth "
                 "elsewhere, “correlate learn” tells."),
        g_strdup_printf("ROC curves of estimators against truth vp in the condition %s",
                        primary->condition));
}

static void
add_agreements(GPtrArray *drafts, const Analysis *analysis)
{
    static const char *const events[] = { "branch-misses", "cycles" };

    for (guint e = 0; e < G_N_ELEMENTS(events); e++) {
        for (guint i = 0; i < analysis->fidelity->len; i++) {
            const FidelityRow *row = &g_array_index(analysis->fidelity, FidelityRow, i);
            g_autofree char *file = g_strdup_printf("agreement-%s-%" G_GINT64_FORMAT "-%s",
                                                    row->guest, row->vcpu, row->event);

            if (!g_str_equal(row->event, events[e]))
                continue;
            add(drafts, file, 620, 360, script_of_agreement(row),
                g_strdup_printf("Bland–Altman, %s of %s", row->event, row->guest),
                g_strdup("One point is one window; lines are the bias and the limits of "
                         "agreement."),
                g_strdup_printf("Difference of guest and host %s against their mean", row->event));
            break;
        }
    }
}

static void
add_timeline(GPtrArray *drafts, const Analysis *analysis)
{
    const EvaluationRow *primary = evaluation_primary(analysis->estimators);
    const Estimator *estimator =
        primary ? primary->estimator : estimator_find("branch_misses_per_cycle");

    add(drafts, "timeline", 1240, 480, script_of_timeline(analysis, estimator_index(estimator)),
        g_strdup("Host and guest over the run"),
        g_strdup_printf("Above what the host sees (the micro guest's share of waiting), below "
                        "what the guest counts (%s). Bands are visits, coloured by condition, "
                        "with their V:P load in %% above.",
                        estimator->meaning),
        g_strdup("Time lines of the host's waiting and the guest's indicator, visits marked"));
}

GPtrArray *
figures_draw(const Analysis *analysis)
{
    GPtrArray *figures = g_ptr_array_new_with_free_func((GDestroyNotify) figure_free);
    g_autoptr(GPtrArray) drafts = g_ptr_array_new_with_free_func(draft_free);

    if (!gnuplot_is_there())
        return figures;
    add_surfaces(drafts, analysis);
    add_loads(drafts, analysis);
    add_roc(drafts, analysis);
    add_agreements(drafts, analysis);
    add_timeline(drafts, analysis);
    add(drafts, "steal", 620, 380, script_of_steal(analysis), g_strdup("Waiting against load"),
        g_strdup(
            "Share of the time that the loaded vCPUs waited, all of them together, against what "
            "the closed form expects."),
        g_strdup("Expected and measured share of waiting against load"));
    pace_begin("drawing figures", drafts->len);
    for (guint i = 0; i < drafts->len; i++, pace_step())
        g_ptr_array_add(figures, draw(drafts->pdata[i]));
    return figures;
}
