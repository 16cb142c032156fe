/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What blame costs while a command runs: blame_cost COMMAND…
 *
 * Prints one JSON object: the time that blame's programs ran in the kernel, how often, the busy
 * time of all CPUs meanwhile, and the first as a share of the last. All guests of this host are
 * watched. Counting the time is itself in the time: the kernel reads a clock twice a call.
 */
#include <stdio.h>
#include <stdlib.h>

#include "hostctl/blame/blame.h"
#include "hostctl/collect/cpu_time.h"

static uint64_t
busy_ns(CpuTimes *times)
{
    cpu_set_t all;

    CPU_ZERO(&all);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        CPU_SET(cpu, &all);
    cpu_times_read(times, NULL);
    return cpu_times_busy_ns(times, &all);
}

static bool
measure(const Sysroot *root, char **command, GError **error)
{
    g_autoptr(Blame) blame = NULL;
    g_autoptr(GPtrArray) guests = NULL;
    g_autoptr(CpuTimes) times = cpu_times_new(root, error);
    BlameCost before, after;
    uint64_t busy_before_ns, busy;
    int status;

    if (!times || !blame_open(root, &blame, error) || !qemu_process_list(root, &guests, error) ||
        !blame_watch(blame, guests, error) || !blame_cost(blame, &before, error))
        return false;
    busy_before_ns = busy_ns(times);
    if (!g_spawn_sync(NULL, command, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
                      NULL, NULL, NULL, &status, error) ||
        !g_spawn_check_wait_status(status, error))
        return false;
    busy = busy_ns(times) - busy_before_ns;
    if (!blame_cost(blame, &after, error))
        return false;

    printf("{\"guests\": %u, \"bpf_run_ns\": %ju, \"bpf_calls\": %ju, \"busy_ns\": %ju,"
           " \"share_ratio\": %.6f}\n",
           guests->len, (uintmax_t) (after.run_ns - before.run_ns),
           (uintmax_t) (after.calls - before.calls), (uintmax_t) busy,
           (double) (after.run_ns - before.run_ns) / busy);
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
