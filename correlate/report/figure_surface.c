/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "correlate/report/figure_scripts.h"

/* One cell of the surface: the mean over repeats of a level's windows at one time. */
typedef struct {
    double vp, t;
    double sum;
    guint n;
} Cell;

static int
compare_cells(const void *a, const void *b)
{
    const Cell *x = a, *y = b;

    return x->vp != y->vp ? (x->vp > y->vp) - (x->vp < y->vp) : (x->t > y->t) - (x->t < y->t);
}

/* Times are binned so that a surface has at most about sixty of them. */
static double
bin_width(const Visits *visits)
{
    double longest = 0;

    for (guint i = 0; i < visits->visits->len; i++) {
        const Visit *visit = visits->visits->pdata[i];

        for (guint k = 0; k < visit->kept->len; k++)
            longest = fmax(longest, g_array_index(visit->kept, WindowValues, k).t_seconds);
    }
    return fmax(1, ceil((longest + 1) / 60));
}

static void
add_value(GArray *cells, double vp, double t, double value)
{
    for (guint i = 0; i < cells->len; i++) {
        Cell *cell = &g_array_index(cells, Cell, i);

        if (cell->vp == vp && cell->t == t) {
            cell->sum += value;
            cell->n++;
            return;
        }
    }
    g_array_append_val(cells, ((Cell){ vp, t, value, 1 }));
}

static GArray *
collect(const Visits *visits, size_t estimator, int condition)
{
    GArray *cells = g_array_new(FALSE, FALSE, sizeof(Cell));
    double width = bin_width(visits);

    for (guint i = 0; i < visits->visits->len; i++) {
        const Visit *visit = visits->visits->pdata[i];

        if ((condition >= 0 && visit->condition != (guint) condition) || isnan(visit->vp_percent))
            continue;
        for (guint k = 0; k < visit->kept->len; k++) {
            const WindowValues *window = &g_array_index(visit->kept, WindowValues, k);

            if (!isnan(window->value[estimator]))
                add_value(cells, visit->vp_percent, floor(window->t_seconds / width) * width,
                          window->value[estimator]);
        }
    }
    g_array_sort(cells, compare_cells);
    return cells;
}

static void
find_range(const GArray *cells, double *ret_low, double *ret_high)
{
    double low = INFINITY, high = -INFINITY;

    for (guint i = 0; i < cells->len; i++) {
        const Cell *cell = &g_array_index(cells, Cell, i);

        low = fmin(low, cell->sum / cell->n);
        high = fmax(high, cell->sum / cell->n);
    }
    figure_widen(&low, &high);
    *ret_low = low;
    *ret_high = high;
}

/* A surface needs a rectangle: at times that a level lacks its neighbour in time stands in. */
static guint
append_grid(GString *script, const GArray *cells)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(double));
    guint levels = 0;

    for (guint i = 0; i < cells->len; i++) {
        const Cell *cell = &g_array_index(cells, Cell, i);
        guint at = 0;

        while (at < times->len && g_array_index(times, double, at) < cell->t)
            at++;
        if (at == times->len || g_array_index(times, double, at) != cell->t)
            g_array_insert_val(times, at, cell->t);
    }
    for (guint first = 0, past; first < cells->len; first = past, levels++) {
        guint at = first;

        for (past = first; past < cells->len && g_array_index(cells, Cell, past).vp ==
                                                    g_array_index(cells, Cell, first).vp;
             past++)
            ;
        for (guint k = 0; k < times->len; k++) {
            const Cell *cell;

            while (at + 1 < past &&
                   g_array_index(cells, Cell, at + 1).t <= g_array_index(times, double, k))
                at++;
            cell = &g_array_index(cells, Cell, at);
            g_string_append_printf(script, "%.10g %.10g %.10g\n", cell->vp,
                                   g_array_index(times, double, k), cell->sum / cell->n);
        }
        g_string_append_c(script, '\n');
    }
    return times->len >= 2 ? levels : 0;
}

char *
script_of_surface(const Analysis *analysis, size_t estimator, int condition)
{
    g_autoptr(GArray) cells = collect(analysis->visits, estimator, condition);
    g_autoptr(GArray) all = collect(analysis->visits, estimator, -1);
    g_autoptr(GString) script = g_string_new("$surface << EOD\n");
    double low, high, first = INFINITY, last = -INFINITY;

    if (append_grid(script, cells) < 2)
        return NULL;

    for (guint i = 0; i < cells->len; i++) {
        first = fmin(first, g_array_index(cells, Cell, i).t);
        last = fmax(last, g_array_index(cells, Cell, i).t);
    }
    g_string_append(script, "EOD\n");
    figure_begin(script);
    find_range(all, &low, &high);
    g_string_append_printf(script, "set zrange [%.10g:%.10g]\nset cbrange [%.10g:%.10g]\n", low,
                           high, low, high);
    g_string_append_printf(
        script,
        "set xlabel 'V:P load (%%)' rotate parallel offset 0,-0.5\n"
        "set ylabel 'time in the visit (s)' rotate parallel offset 0,-0.5\n"
        "set zlabel '%s' rotate parallel offset 1,0\n"
        "set view 60,32,1,1.05\nset origin -0.05,0\nset xyplane 0\nset ticslevel 0\n"
        "set grid x y z vertical lc rgb '#8a8a8a' lw 0.5\nset border 895 lc rgb '#8a8a8a' lw 0.8\n"
        "set xtics offset 0,-0.3\nset ytics offset 0.5,-0.3\n"
        "set arrow 1 from 100,%.10g,%.10g to 100,%.10g,%.10g nohead front lc rgb '#d55e00' lw "
        "1.5 "
        "dt 2\n"
        "set palette defined (0 '#3d6fb5', 0.35 '#6fb1c8', 0.6 '#f0d58c', 1 '#d9572b')\n"
        "set pm3d depthorder corners2color mean interpolate 4,1 border lc rgb '#4a4a4a' lw 0.25\n"
        "unset key\nset colorbox user origin 0.905,0.3 size 0.02,0.45\n"
        "splot $surface using 1:2:3 with pm3d\n",
        estimator_list[estimator]->unit, first, low, last, low);
    return g_strdup(script->str);
}
