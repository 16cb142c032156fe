/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "correlate/report/figure_scripts.h"
#include "correlate/stats/agreement.h"

static void
append_level(GString *script, int number, double value, int dash)
{
    g_string_append_printf(script,
                           "set arrow %d from graph 0,first %.10g to graph 1,first %.10g nohead lc "
                           "rgb '%s' lw 1.5 dt %d\n",
                           number, value, value, figure_colours[1], dash);
}

char *
script_of_agreement(const FidelityRow *row)
{
    g_autoptr(GString) script = g_string_new("$pairs << EOD\n");
    double low = row->loa_low_percent, high = row->loa_high_percent;

    if (row->pairs->len < 3 || isnan(low))
        return NULL;
    for (guint i = 0; i < row->pairs->len; i++) {
        const FidelityPair *pair = &g_array_index(row->pairs, FidelityPair, i);
        double difference = agreement_percent(pair->guest, pair->host);

        low = fmin(low, difference);
        high = fmax(high, difference);
        g_string_append_printf(script, "%.10g %.10g\n", (pair->guest + pair->host) / 2, difference);
    }
    g_string_append(script, "EOD\n");
    figure_begin(script);
    append_level(script, 1, row->bias_percent, 1);
    append_level(script, 2, row->loa_low_percent, 2);
    append_level(script, 3, row->loa_high_percent, 2);
    /* A tenth of a percent is nothing: the axis does not blow it up. */
    g_string_append_printf(script,
                           "set yrange [%.10g:%.10g]\nset format x '%%.3s%%c'\n"
                           "set xlabel 'mean of both counts in a window'\n"
                           "set ylabel 'guest - host (%% of the mean)'\nunset key\n"
                           "plot $pairs with points pt 7 ps 0.5 lc rgb '%s'\n",
                           fmin(-0.5, 1.1 * low), fmax(0.5, 1.1 * high), figure_colours[0]);
    return g_strdup(script->str);
}
