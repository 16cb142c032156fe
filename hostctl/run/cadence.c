/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/cadence.h"

#include <stdlib.h>

/* More than slewing makes of the longest interval: 60 s at 500 ppm are 30 ms. */
#define STEP_NS (100 * NS_PER_MS)
/* A tick so late, in intervals, takes what belongs to the next window. */
#define LATE_INTERVALS 0.5

Cadence
cadence_new(int64_t interval_ns, unsigned cpus, const Stamp *now)
{
    return (Cadence){
        .interval_ns = interval_ns,
        .wall_minus_raw_ns = now->wall_ns - now->raw_ns,
        .cpus = cpus,
        .fewest_cpus = cpus,
    };
}

void
cadence_tick(Cadence *cadence, int64_t due_raw_ns, const Stamp *now, unsigned cpus)
{
    int64_t late_ns = now->raw_ns - due_raw_ns;
    int64_t offset_ns = now->wall_ns - now->raw_ns;
    int64_t step_ns = offset_ns - cadence->wall_minus_raw_ns;

    cadence->ticks++;
    if ((double) late_ns > LATE_INTERVALS * (double) cadence->interval_ns)
        cadence->late++;
    cadence->worst_late_ns = MAX(cadence->worst_late_ns, late_ns);
    if (llabs(step_ns) > STEP_NS && llabs(step_ns) > llabs(cadence->stepped_ns))
        cadence->stepped_ns = step_ns;
    cadence->wall_minus_raw_ns = offset_ns;
    cadence->fewest_cpus = MIN(cadence->fewest_cpus, cpus);
}

char **
cadence_complaints(const Cadence *cadence)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new();

    if (cadence->late > 0)
        g_ptr_array_add(lines,
                        g_strdup_printf("%u of %u windows ended over half an interval late, the "
                                        "worst by %.2f s: hostctl, or the dataset's disk, was kept",
                                        cadence->late, cadence->ticks,
                                        (double) cadence->worst_late_ns / NS_PER_SECOND));
    if (cadence->stepped_ns != 0)
        g_ptr_array_add(lines,
                        g_strdup_printf("the host's clock was stepped by %+.3f s: the visit's "
                                        "times of day are not one scale",
                                        (double) cadence->stepped_ns / NS_PER_SECOND));
    if (cadence->fewest_cpus < cadence->cpus)
        g_ptr_array_add(lines, g_strdup_printf("only %u of the pool's %u CPUs were online",
                                               cadence->fewest_cpus, cadence->cpus));
    g_ptr_array_add(lines, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}

bool
cadence_note(const Cadence *cadence, Lab *lab, int64_t visit_id, GError **error)
{
    g_auto(GStrv) lines = cadence_complaints(cadence);

    for (char **line = lines; *line; line++)
        if (!lab_note(lab, visit_id, 0, "warning", error, "%s", *line))
            return false;
    return true;
}
