/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "correlate/report/figure_scripts.h"

/* How many windows have a value, and how many of them a share of waiting. */
typedef struct {
    guint values, delays;
} Points;

static Points
append_windows(GString *script, const Visits *visits, size_t estimator)
{
    Points points = { 0, 0 };

    g_string_append(script, "$w << EOD\n");
    for (guint i = 0; i < visits->visits->len; i++) {
        const Visit *visit = visits->visits->pdata[i];

        for (guint k = 0; k < visit->kept->len; k++) {
            const WindowValues *window = &g_array_index(visit->kept, WindowValues, k);
            double value = window->value[estimator];

            if (isnan(value))
                continue;
            g_string_append_printf(script, "%.8g %.8g ",
                                   (visit->start_seconds + window->t_seconds) / 60, value);
            g_string_append_printf(script, isnan(window->delay_share) ? "?\n" : "%.8g\n",
                                   window->delay_share);
            points.values++;
            points.delays += !isnan(window->delay_share);
        }
        g_string_append_c(script, '\n'); /* a new visit is no continuation of the line */
    }
    g_string_append(script, "EOD\n");
    return points;
}

static double
visit_end_minutes(const Visit *visit)
{
    double last = 0;

    for (guint k = 0; k < visit->kept->len; k++)
        last = fmax(last, g_array_index(visit->kept, WindowValues, k).t_seconds + 1);
    return (visit->start_seconds + last) / 60;
}

/* A band for every visit, in its condition's colour, the load above it where there is room. */
static void
append_visits(GString *script, const Visits *visits)
{
    guint step = visits->visits->len / 40 + 1;

    for (guint i = 0; i < visits->visits->len; i++) {
        const Visit *visit = visits->visits->pdata[i];
        double from = visit->start_seconds / 60, to = visit_end_minutes(visit);

        g_string_append_printf(script,
                               "set object %u rect from %.8g,graph 0 to %.8g,graph 1 behind fc rgb "
                               "'%s' fs transparent solid 0.13 noborder\n",
                               i + 1, from, to, figure_colours[visit->condition % FIGURE_COLOURS]);
        if (i % step == 0)
            g_string_append_printf(script,
                                   "set label %u '%.0f' at first %.8g,graph 1.05 center font "
                                   "',11' textcolor rgb '#010203'\n",
                                   i + 1, visit->vp_percent, (from + to) / 2);
    }
}

char *
script_of_timeline(const Analysis *analysis, size_t estimator)
{
    g_autoptr(GString) script = g_string_new(NULL);
    Points points = append_windows(script, analysis->visits, estimator);

    if (points.values < 2)
        return NULL;
    figure_begin(script);
    append_visits(script, analysis->visits);
    g_string_append(
        script, "unset key\nset lmargin 10\nset rmargin 2\nset tmargin 2\nset autoscale xfix\n");
    if (points.delays > 1)
        g_string_append_printf(
            script,
            "set multiplot layout 2,1\nset format x ''\nset bmargin 0.6\nset tmargin 2\n"
            "set yrange [0:1]\nset ylabel 'share waited' font ',12'\nset ytics 0.25\n"
            "plot $w using 1:3 with linespoints pt 7 ps 0.25 lw 1 lc rgb '%s'\n"
            "unset label\nset format x '%%g'\nset bmargin 3\nset tmargin 0.6\n",
            figure_colours[3]);
    g_string_append_printf(
        script,
        "set yrange [*:*]\nset ytics autofreq\nset offsets 0,0,graph 0.05,graph 0.05\n"
        "set xlabel 'minutes since the first visit'\nset ylabel '%s' noenhanced font ',12'\n"
        "plot $w using 1:2 with linespoints pt 7 ps 0.25 lw 1 lc rgb '%s'\n%s",
        estimator_list[estimator]->unit, figure_colours[2],
        points.delays > 1 ? "unset multiplot\n" : "");
    return g_strdup(script->str);
}
