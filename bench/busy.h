/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How busy all CPUs of the machine have been. */
#pragma once

#include "hostctl/collect/cpu_time.h"

/* Since boot, of all CPUs together. */
static inline uint64_t
busy_ns(CpuTimes *times)
{
    cpu_set_t all;

    CPU_ZERO(&all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        CPU_SET(cpu, &all);
    cpu_times_read(times, NULL);
    return cpu_times_busy_ns(times, &all);
}
