/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/disturbance.h"

#include "hostctl/run/hogs.h"
#include "hostctl/run/timer_interrupts.h"

struct Disturbance {
    Hogs *hogs, *bandwidth;
    TimerInterrupts *interrupts;
};

Disturbance *
disturbance_start(const RigStep *step, GError **error)
{
    g_autoptr(Disturbance) disturbance = g_new0(Disturbance, 1);

    disturbance->hogs = hogs_start(HOG_BRANCHES, step->n_hogs, &step->cpus, error);
    if (!disturbance->hogs)
        return NULL;
    disturbance->bandwidth =
        hogs_start(HOG_BANDWIDTH, step->n_bandwidth_hogs, &step->elsewhere, error);
    if (!disturbance->bandwidth)
        return NULL;
    disturbance->interrupts =
        timer_interrupts_start(step->interrupts_per_second, &step->cpus, error);
    return disturbance->interrupts ? g_steal_pointer(&disturbance) : NULL;
}

void
disturbance_end(Disturbance *disturbance)
{
    if (!disturbance)
        return;

    timer_interrupts_end(disturbance->interrupts);
    hogs_stop(disturbance->bandwidth);
    hogs_stop(disturbance->hogs);
    g_free(disturbance);
}

const GArray *
disturbance_hogs(const Disturbance *disturbance)
{
    return hogs_pids(disturbance->hogs);
}
