/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "guestprobe/cmd.h"
#include "guestprobe/work.h"
#include "guestprobe/work_count.h"

/* Until --for is over, or somebody ends it; then the units are printed. */
int
cmd_work(const Options *options, GError **error)
{
    g_autoptr(Work) work = work_new(options->work, error);
    int64_t begin_ns = clock_raw_ns();
    int64_t for_ns = (int64_t) (options->for_seconds * NS_PER_SECOND);
    uint64_t own = 0, *units = work_count_found();

    if (!work)
        return -1;
    if (!units)
        units = &own;
    while (for_ns == 0 || clock_raw_ns() - begin_ns < for_ns) {
        if (!work_do(work, error))
            return -1;
        __atomic_add_fetch(units, 1, __ATOMIC_RELAXED);
    }
    printf("%" G_GUINT64_FORMAT " units of %s in %.3f s\n", *units, options->work,
           (double) (clock_raw_ns() - begin_ns) / NS_PER_SECOND);
    return EXIT_SUCCESS;
}
