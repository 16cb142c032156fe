/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/workbench.h"

void
workbench_clear(Workbench *bench)
{
    g_clear_pointer(&bench->journal, journal_free);
    g_clear_pointer(&bench->state, state_free);
}

bool
workbench_open(const CommandContext *context, WorkbenchUse use, Workbench *ret_bench,
               GError **error)
{
    g_auto(Workbench) bench = { 0 };

    bench.state = state_open(error);
    if (!bench.state || (use != WORKBENCH_READ && !state_lock(bench.state, error)))
        return false;
    bench.journal = journal_open(bench.state, context->root, error);
    if (!bench.journal ||
        (use == WORKBENCH_CHANGE && !journal_require_recovered(bench.journal, error)))
        return false;

    *ret_bench = bench;
    bench = (Workbench){ 0 };
    return true;
}
