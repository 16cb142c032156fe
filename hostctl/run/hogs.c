/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/run/hogs.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/failure.h"

#define HOG_NAME "insideout-hog"
#define LINE_WORDS 8 /* of 64 bytes */

struct Hogs {
    GArray *pids;
};

/* Branches that no predictor knows: a xorshift generator decides them (Marsaglia 2003). */
static _Noreturn void
spin(void)
{
    volatile uint64_t taken = 0;
    uint64_t x = 88172645463325252ull;

    for (;;) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        if (x & 1)
            taken += x;
        else
            taken -= 3;
    }
}

/* One word of each cache line, again and again. */
static _Noreturn void
stream(void)
{
    const size_t words = (size_t) HOG_MEMORY_KIB * 1024 / sizeof(uint64_t);
    volatile uint64_t *memory = mmap(NULL, words * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        _exit(127);
    for (;;)
        for (size_t i = 0; i < words; i += LINE_WORDS)
            memory[i]++;
}

/* The child of a process with threads: system calls only. */
static _Noreturn void
become_hog(HogKind kind, const cpu_set_t *cpus, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, HOG_NAME);
    /* The kernel may give a session as a whole the weight of one task (sched_autogroup_enabled):
     * each hog is to weigh as one, whatever terminal it was started from. */
    setsid();
    if (getppid() != parent || sched_setaffinity(0, sizeof *cpus, cpus) < 0)
        _exit(127);
    close_range(3, UINT32_MAX, 0);
    if (kind == HOG_BANDWIDTH)
        stream();
    spin();
}

Hogs *
hogs_start(HogKind kind, unsigned n, const cpu_set_t *cpus, GError **error)
{
    g_autoptr(Hogs) hogs = g_new0(Hogs, 1);
    pid_t parent = getpid();

    hogs->pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    for (unsigned i = 0; i < n; i++) {
        pid_t pid = fork();

        if (pid == 0)
            become_hog(kind, cpus, parent);
        if (pid < 0) {
            failure_set_errno(error, errno, "starting host hog %u of %u", i + 1, n);
            return NULL;
        }
        g_array_append_val(hogs->pids, pid);
    }
    return g_steal_pointer(&hogs);
}

void
hogs_stop(Hogs *hogs)
{
    if (!hogs)
        return;

    for (guint i = 0; i < hogs->pids->len; i++)
        kill(g_array_index(hogs->pids, pid_t, i), SIGKILL);
    for (guint i = 0; i < hogs->pids->len; i++)
        while (waitpid(g_array_index(hogs->pids, pid_t, i), NULL, 0) < 0 && errno == EINTR)
            continue;
    g_array_unref(hogs->pids);
    g_free(hogs);
}

const GArray *
hogs_pids(const Hogs *hogs)
{
    return hogs->pids;
}
