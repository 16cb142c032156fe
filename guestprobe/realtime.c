/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/realtime.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/autofd.h"

#define OOM_SCORE "-900"

static bool
ask_to_be_spared(void)
{
    autofd int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    return fd >= 0 && write(fd, OOM_SCORE, sizeof OOM_SCORE - 1) > 0;
}

void
realtime_first(void)
{
    const struct sched_param first = { .sched_priority = 1 };

    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
}

void
realtime_enter(void)
{
    realtime_first();
    /* Only what is touched: libpfm4's tables of events are megabytes that we never read. */
    mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    ask_to_be_spared();
}
