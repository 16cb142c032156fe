/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/base/clock.h"

#include <time.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

static int64_t
read_clock(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t) now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t
clock_raw_ns(void)
{
    return read_clock(CLOCK_MONOTONIC_RAW);
}

int64_t
clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t
clock_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t
clock_next_due(int64_t due_ns, int64_t interval_ns)
{
    int64_t next_ns = due_ns + interval_ns, late_ns = clock_raw_ns() - next_ns;

    if (late_ns <= 0)
        return next_ns;
    return next_ns + ((late_ns - 1) / interval_ns + 1) * interval_ns;
}

Stamp
stamp_now(void)
{
    Stamp stamp = { .raw_ns = clock_raw_ns() };

#ifdef __x86_64__
    stamp.tsc = __rdtsc();
#endif
    stamp.wall_ns = clock_wall_ns();
    return stamp;
}
