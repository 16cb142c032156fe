/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What blame costs while a command runs: blame_cost COMMAND…
 *
 * Prints one JSON object: the time that blame's programs ran in the kernel, how often, the CPU time
 * of this process, which takes blame's report each second as hostctl top does, the busy time of all
 * CPUs meanwhile, and the sum of the first two as a share of that. All guests of this host are
 * watched; what they waited for in all is printed too. Counting the time is itself in the time: the
 * kernel reads a clock twice a call.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/busy.h"
#include "common/base/autofd.h"
#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/blame/blame.h"

static bool
add_waits(Blame *blame, uint64_t *waits_ns, GError **error)
{
    g_autoptr(BlameReport) report = NULL;

    if (!blame_take(blame, &report, error))
        return false;
    for (guint i = 0; i < report->causes->len; i++)
        *waits_ns += g_array_index(report->causes, BlameCause, i).wait_ns;
    return true;
}

/* Takes a report each second until the process ends, and one more; sleeps otherwise, for what it
 * takes is counted. */
static bool
take_reports(Blame *blame, GPid pid, uint64_t *ret_waits_ns, GError **error)
{
    autofd int ended = (int) syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = { .fd = ended, .events = POLLIN };
    int status = 0;

    if (ended < 0)
        return failure_set_errno(error, errno, "pidfd_open");
    *ret_waits_ns = 0;
    while (poll(&end, 1, 1000) == 0)
        if (!add_waits(blame, ret_waits_ns, error))
            return false;
    waitpid(pid, &status, 0);
    return g_spawn_check_wait_status(status, error) && add_waits(blame, ret_waits_ns, error);
}

static bool
measure(const Sysroot *root, char **command, GError **error)
{
    g_autoptr(Blame) blame = NULL;
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(CpuTimes) times = cpu_times_new(root, error);
    BlameCost before, after;
    uint64_t busy_before_ns, busy, own_before_ns, own, waits_ns;
    GPid pid;

    if (!times || !blame_open(root, &blame, error) || !qemu_process_list(root, &guests, error) ||
        !blame_watch(blame, guests, error) || !blame_cost(blame, &before, error))
        return false;
    busy_before_ns = busy_ns(times);
    if (!g_spawn_async(NULL, command, NULL,
                       G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_DO_NOT_REAP_CHILD,
                       NULL, NULL, &pid, error))
        return false;
    own_before_ns = (uint64_t) clock_process_cpu_ns(); /* starting the load is no part of blame */
    if (!take_reports(blame, pid, &waits_ns, error))
        return false;
    own = (uint64_t) clock_process_cpu_ns() - own_before_ns;
    busy = busy_ns(times) - busy_before_ns;
    if (!blame_cost(blame, &after, error))
        return false;

    printf("{\"guests\": %u, \"bpf_run_ns\": %ju, \"bpf_calls\": %ju, \"own_ns\": %ju,"
           " \"busy_ns\": %ju, \"waits_ns\": %ju, \"share_ratio\": %.6f}\n",
           guests->len, (uintmax_t) (after.run_ns - before.run_ns),
           (uintmax_t) (after.calls - before.calls), (uintmax_t) own, (uintmax_t) busy,
           (uintmax_t) waits_ns, (double) (after.run_ns - before.run_ns + own) / (double) busy);
    return true;
}

int
main(int argc, char **argv)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(GError) error = NULL;

    if (argc < 2) {
        fprintf(stderr, "Usage: blame_cost COMMAND [ARGUMENT…]\n");
        return 2;
    }
    if (measure(root, argv + 1, &error))
        return 0;
    fprintf(stderr, "blame_cost: %s\n", error->message);
    return 1;
}
