/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/timer_interrupts.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/pmu/pmu_kernel.h"

struct TimerInterrupts {
    GArray *events; /* int: one descriptor a CPU */
};

static bool
add_cpu(TimerInterrupts *interrupts, unsigned per_second, int cpu, GError **error)
{
    /* Guest and host alike: a timer knows no mode. */
    const struct perf_event_attr attr = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof attr,
        .config = PERF_COUNT_SW_CPU_CLOCK,
        .sample_period = (uint64_t) NS_PER_SECOND / per_second,
    };
    int event = pmu_kernel_real.open(pmu_kernel_real.context, &attr, -1, cpu, -1);

    if (event < 0)
        return failure_set_errno(error, errno, "starting %u timer interrupts a second on CPU %d",
                                 per_second, cpu);
    g_array_append_val(interrupts->events, event);
    return true;
}

TimerInterrupts *
timer_interrupts_start(unsigned per_second, const cpu_set_t *cpus, GError **error)
{
    g_autoptr(TimerInterrupts) interrupts = g_new0(TimerInterrupts, 1);

    interrupts->events = g_array_new(FALSE, FALSE, sizeof(int));
    for (int cpu = 0; per_second > 0 && cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, cpus) && !add_cpu(interrupts, per_second, cpu, error))
            return NULL;
    return g_steal_pointer(&interrupts);
}

void
timer_interrupts_end(TimerInterrupts *interrupts)
{
    if (!interrupts)
        return;

    for (guint i = 0; i < interrupts->events->len; i++)
        close(g_array_index(interrupts->events, int, i));
    g_array_unref(interrupts->events);
    g_free(interrupts);
}
