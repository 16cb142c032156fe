/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "correlate/report/text_document.h"

#include <math.h>
#include <string.h>

#include "common/base/text.h"
#include "correlate/answer.h"
#include "correlate/report/tables.h"

#define MAX_NAME_BYTES 400

static void
add(GString *out, const char *title, TextTable *table)
{
    g_autoptr(TextTable) owned = table;

    if (text_table_rows(owned) == 0)
        return;
    g_string_append_printf(out, "\n%s\n", title);
    text_table_print(owned, out);
}

static void
add_clock(GString *out, const Analysis *analysis)
{
    ClockSummary clock = clock_table_summary(analysis->clocks);

    g_string_append_printf(out, "\nClock: %s", clock_method_name(clock.method));
    if (!isnan(clock.bound_ns))
        g_string_append_printf(out, ", known within %.1f µs", clock.bound_ns / 1e3);
    if (!isnan(clock.drift_ppm))
        g_string_append_printf(out, ", drift at most %.2f ppm, worst residual %.1f µs, %u pings",
                               fabs(clock.drift_ppm), clock.residual_ns / 1e3, clock.pings);
    if (clock.steps)
        g_string_append_printf(out, "; a guest's clock jumped %u times", clock.steps);
    if (!isnan(lag_sweep_at(&analysis->lags, 0)))
        g_string_append_printf(out,
                               "\nLag: the views correlate best %d windows apart (%.3f there, %.3f "
                               "unshifted)%s",
                               lag_sweep_peak(&analysis->lags),
                               lag_sweep_at(&analysis->lags, lag_sweep_peak(&analysis->lags)),
                               lag_sweep_at(&analysis->lags, 0),
                               lag_sweep_is_off(&analysis->lags) ? ": marked" : "");
    g_string_append_c(out, '\n');
}

char *
text_document(const Analysis *analysis)
{
    g_autofree char *answer = answer_paragraph(analysis);
    g_autofree char *paragraph = text_printable(answer, strlen(answer));
    g_autofree char *name = text_printable(analysis->facts->run.name, MAX_NAME_BYTES);
    g_autofree char *turns =
        turn_windows_text(&analysis->turns, analysis->excluded.windows[EXCLUDED_HOST_TURN]);
    GString *out = g_string_new(NULL);

    g_string_append_printf(out, "%s: %s counters\n\n%s\n", name, analysis->facts->run.counters,
                           paragraph);
    add_clock(out, analysis);
    add(out, "Visits (expected and measured share of time that the loaded vCPUs waited)",
        table_of_visits(analysis));
    if (turns)
        g_string_append_printf(out, "\n%s\n", turns);
    add(out, "Fidelity (guest count over host count)", table_of_fidelity(analysis));
    add(out, "Windows furthest from 1 (more than 2 %, at most five an event)",
        table_of_worst_windows(analysis));
    for (int t = 0; t < TRUTHS; t++) {
        g_autofree char *title =
            g_strdup_printf("Estimators against truth “%s”%s", truth_name((Truth) t),
                            t == TRUTH_VP ? " (one hypothesis is primary, all other rows are "
                                            "secondary and share Holm's correction)"
                                          : "");

        add(out, title, table_of_estimators(analysis, (Truth) t));
    }
    add(out, "Shapes (of visit means against load)", table_of_shapes(analysis));
    add(out, "Controls", table_of_controls(analysis));
    add(out, "Isolation (the victim's work a second when quiet, over that beside culprits)",
        table_of_isolation(analysis));
    add(out, "Swapped while measuring: what was counted then is partly waiting for a disk",
        table_of_swaps(analysis));
    add(out, "Excluded windows", table_of_exclusions(analysis));
    add(out, "Notes of the run", table_of_notes(analysis));
    return g_string_free(out, FALSE);
}
