/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/analysed_run.h"

Analysis *
analyse(const DatasetPlace *place, const SyntheticPlan *plan)
{
    Analysis *analysis = NULL;

    assert_ok(synthetic_run_write(plan, place->path, &error_));
    assert_ok((analysis = analysis_new(place->path, &error_)));
    return analysis;
}

const FidelityRow *
fidelity_of(const Analysis *analysis, const char *event)
{
    for (guint i = 0; i < analysis->fidelity->len; i++) {
        const FidelityRow *row = &g_array_index(analysis->fidelity, FidelityRow, i);

        if (g_str_equal(row->event, event))
            return row;
    }
    fail_msg("no fidelity of %s", event);
    return NULL;
}
