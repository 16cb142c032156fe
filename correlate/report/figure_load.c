/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "correlate/report/figure_scripts.h"
#include "correlate/report/gnuplot.h"

const char *const figure_colours[FIGURE_COLOURS] = { "#3d7fc4", "#d9642b", "#2b9d78", "#c46fa5" };

void
figure_begin(GString *script)
{
    g_string_append(script, "set border 3 lc rgb '#8a8a8a' lw 0.8\n"
                            "set tics nomirror textcolor rgb '#010203'\n"
                            "set xlabel textcolor rgb '#010203'\n"
                            "set ylabel textcolor rgb '#010203'\n"
                            "set zlabel textcolor rgb '#010203'\n"
                            "set key textcolor rgb '#010203'\n"
                            "set grid lc rgb '#8a8a8a' lw 0.4\n");
}

void
figure_widen(double *low, double *high)
{
    double middle = (*low + *high) / 2;
    double half = fmax(0.55 * (*high - *low), 0.1 * fabs(middle));

    if (half <= 0)
        half = 1;
    *low = middle - half;
    *high = middle + half;
}

static guint
append_points(GString *script, const Analysis *analysis, size_t estimator, guint condition,
              bool boundary)
{
    guint points = 0;

    g_string_append_printf(script, "$c%u%s << EOD\n", condition, boundary ? "b" : "");
    for (guint i = 0; i < analysis->visits->visits->len; i++) {
        const Visit *visit = analysis->visits->visits->pdata[i];
        double mean = visit_mean(visit, estimator);

        if (visit->condition != condition || visit->boundary != boundary || isnan(mean) ||
            isnan(visit->vp_percent))
            continue;
        g_string_append_printf(script, "%.10g %.10g\n", visit->vp_percent, mean);
        points++;
    }
    g_string_append(script, "EOD\n");
    return points;
}

static void
append_axes(GString *script, const Visits *visits, size_t estimator)
{
    double highest = 100, low = INFINITY, high = -INFINITY;

    for (guint i = 0; i < visits->visits->len; i++) {
        const Visit *visit = visits->visits->pdata[i];

        if (!visits_belong(visits, visit, -1))
            continue;
        highest = fmax(highest, visit->vp_percent);
        low = fmin(low, visit_mean(visit, estimator));
        high = fmax(high, visit_mean(visit, estimator));
    }
    figure_widen(&low, &high);
    g_string_append_printf(script, "set yrange [%.10g:%.10g]\n", low, high + 0.2 * (high - low));
    g_string_append_printf(script, "set xrange [%g:%g]\nset xtics %g\n", -0.05 * highest,
                           1.05 * highest, highest <= 250 ? 25.0 : ceil(highest / 500) * 50);
}

/* The fitted form as a line, and the knee's interval as a band. */
static void
append_fit(GString *script, GString *plot, const Analysis *analysis, size_t estimator,
           guint condition)
{
    const EvaluationRow *row =
        evaluation_find(analysis->estimators, estimator_list[estimator]->name,
                        analysis->visits->conditions->pdata[condition], TRUTH_VP);
    double highest = 0;

    if (!row || !row->has_shape || isnan(row->shape.p_value))
        return;
    for (guint i = 0; i < analysis->visits->visits->len; i++)
        highest = fmax(highest, ((const Visit *) analysis->visits->visits->pdata[i])->vp_percent);
    g_string_append_printf(script, "$f%u << EOD\n", condition);
    for (int i = 0; i <= 200; i++)
        g_string_append_printf(script, "%.10g %.10g\n", highest * i / 200,
                               curve_at(&row->shape.curve, highest * i / 200));
    g_string_append(script, "EOD\n");
    if (row->shape.has_knee)
        g_string_append_printf(
            script,
            "set object %u rect from %.10g,graph 0 to %.10g,graph 1 behind fc rgb "
            "'%s' fs transparent solid 0.15 noborder\n",
            condition + 1, row->knee.low, row->knee.high, figure_colours[condition]);
    g_string_append_printf(plot, "$f%u with lines lw 1.6 lc rgb '%s' notitle, ", condition,
                           figure_colours[condition]);
}

char *
script_of_load(const Analysis *analysis, size_t estimator)
{
    g_autoptr(GString) script = g_string_new(NULL);
    g_autoptr(GString) plot = g_string_new("plot ");
    guint n = MIN(analysis->visits->conditions->len, FIGURE_COLOURS), points = 0;

    for (guint c = 0; c < n; c++) {
        if (control_is(analysis->visits->conditions->pdata[c]))
            continue;

        g_autofree char *title = gnuplot_quote(analysis->visits->conditions->pdata[c]);
        double shift = 2.5 * ((double) c - ((double) n - 1) / 2);
        guint inside = append_points(script, analysis, estimator, c, false);
        guint boundary = append_points(script, analysis, estimator, c, true);

        points += inside + boundary;
        append_fit(script, plot, analysis, estimator, c);
        if (inside)
            g_string_append_printf(plot,
                                   "$c%u using ($1+%g):2 with points pt 7 ps 0.9 lc rgb '%s' "
                                   "title %s, ",
                                   c, shift, figure_colours[c], title);
        if (boundary)
            g_string_append_printf(plot,
                                   "$c%ub using ($1+%g):2 with points pt 6 ps 0.9 lw 1.5 lc rgb "
                                   "'%s' notitle, ",
                                   c, shift, figure_colours[c]);
    }
    if (points < 2)
        return NULL;
    figure_begin(script);
    append_axes(script, analysis->visits, estimator);
    g_string_append_printf(script,
                           "set xlabel 'V:P load (%%)'\nset ylabel '%s'\nset key top left\n"
                           "set arrow 1 from 100,graph 0 to 100,graph 1 nohead lc rgb '#8a8a8a' "
                           "lw 1.2 dt 2\n%s\n",
                           estimator_list[estimator]->unit, plot->str);
    return g_strdup(script->str);
}

char *
script_of_steal(const Analysis *analysis)
{
    g_autoptr(GString) script = g_string_new("$expected << EOD\n");
    g_autoptr(GString) measured = g_string_new("EOD\n$measured << EOD\n");
    guint points = 0;

    for (guint i = 0; i < analysis->steal_checks->len; i++) {
        const StealCheck *check = &g_array_index(analysis->steal_checks, StealCheck, i);

        if (isnan(check->measured_ratio) || isnan(check->load_percent))
            continue;
        g_string_append_printf(script, "%.10g %.10g\n", check->load_percent, check->expected_ratio);
        g_string_append_printf(measured, "%.10g %.10g\n", check->load_percent,
                               check->measured_ratio);
        points++;
    }
    if (points < 2)
        return NULL;
    g_string_append(script, measured->str);
    g_string_append(script, "EOD\n");
    figure_begin(script);
    g_string_append_printf(
        script,
        "set xlabel 'load: all runnable vCPUs over the pool (%%)'\n"
        "set ylabel 'share of time waited'\nset key top left\n"
        "set offsets graph 0.04, graph 0.04, graph 0.08, graph 0.02\n"
        "plot $expected with points pt 1 ps 1.4 lw 1.6 lc rgb '#8a8a8a' title 'expected', "
        "$measured with points pt 6 ps 1 lw 1.5 lc rgb '%s' title 'measured'\n",
        figure_colours[0]);
    return g_strdup(script->str);
}
