/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that sampling threads can cost: bare_reads HERTZ SECONDS TID…
 *
 * One group of four software events and the schedstat of every thread, read in turn and thrown
 * away: what the kernel takes, and nothing on top. Prints the ns of CPU for one thread and reading.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/pmu/counter_source.h"
#include "hostctl/collect/sched.h"

typedef struct {
    Counters *counters;
    int schedstat;
} Thread;

static bool
open_thread(const Sysroot *root, uint64_t tid, Thread *thread, GError **error)
{
    static const char *const events[] = { "task-clock", "context-switches", "cpu-migrations",
                                          "page-faults", NULL };
    const CounterTarget target = { .pmu = { .tid = (pid_t) tid, .cpu = -1 },
                                   .mode = PMU_MODE_SELF };
    g_autofree char *path = g_strdup_printf("proc/%d/schedstat", (int) tid);

    thread->counters = counters_open(COUNTER_SOURCE_SOFTWARE, &target, events, error);
    thread->schedstat = thread->counters ? sysroot_open(root, path, error) : -1;
    return thread->schedstat >= 0;
}

static bool
read_all(const Thread *threads, int n, GError **error)
{
    char text[128];
    CounterReading reading;

    for (int i = 0; i < n; i++)
        if (!counters_read(threads[i].counters, &reading, error) ||
            pread(threads[i].schedstat, text, sizeof text, 0) < 0)
            return false;
    return true;
}

static bool
measure(const Sysroot *root, uint64_t hertz, uint64_t seconds, char **tids, int n, GError **error)
{
    g_autofree Thread *threads = g_new0(Thread, n);
    uint64_t ticks = hertz * seconds, tid;
    int64_t begin;

    sched_raise_limit((unsigned) n * 5 + 64, NULL);
    for (int i = 0; i < n; i++)
        if (!text_to_u64(tids[i], &tid, error) || !open_thread(root, tid, &threads[i], error))
            return false;
    begin = clock_process_cpu_ns();
    for (uint64_t tick = 0; tick < ticks; tick++) {
        g_usleep(G_USEC_PER_SEC / hertz);
        if (!read_all(threads, n, error))
            return false;
    }
    printf("%.1f\n", (double) (clock_process_cpu_ns() - begin) / (double) (ticks * (uint64_t) n));
    return true;
}

int
main(int argc, char **argv)
{
    g_autoptr(Sysroot) root = sysroot_new("/");
    g_autoptr(GError) error = NULL;
    uint64_t hertz = 0, seconds = 0;

    if (argc < 4 || !text_to_u64(argv[1], &hertz, NULL) || !text_to_u64(argv[2], &seconds, NULL) ||
        hertz < 1 || seconds < 1) {
        fprintf(stderr, "Usage: bare_reads HERTZ SECONDS TID...\n");
        return 2;
    }
    if (!measure(root, hertz, seconds, argv + 3, argc - 3, &error)) {
        fprintf(stderr, "bare_reads: %s\n", error->message);
        return 1;
    }
    return 0;
}
