/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/load.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "guestprobe/child.h"
#include "guestprobe/process_tree.h"

#define STOP_ON_FREE_MS 2000
#define ROUND_US 1000

struct Load {
    pid_t pid; /* of the first process; 0: none runs */
};

Load *
load_new(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return g_new0(Load, 1);
}

void
load_free(Load *load)
{
    if (!load)
        return;

    load_stop(load, STOP_ON_FREE_MS, NULL);
    g_free(load);
}

bool
load_is_running(const Load *load)
{
    return load->pid != 0;
}

int
load_start(Load *load, const char *const *argv, const char *const *env, LoadForked forked,
           void *data, pid_t *ret_pid)
{
    const ChildSpec spec = { .argv = argv, .env = env, .detached = true };
    Child child;
    int refusal;

    if (load->pid)
        return EBUSY;
    if (!load_stop(load, STOP_ON_FREE_MS, NULL))
        return EBUSY;
    refusal = child_fork(&spec, &child);
    if (refusal)
        return refusal;
    if (forked && !forked(child.pid, data)) {
        child_cancel(&child);
        return ECANCELED;
    }
    refusal = child_exec(&child);
    if (refusal)
        return refusal;
    load->pid = *ret_pid = child.pid;
    return 0;
}

bool
load_reap(Load *load, int *ret_status)
{
    bool ended = false;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != load->pid)
            continue;
        load->pid = 0;
        *ret_status = status;
        ended = true;
    }
    return ended;
}

/* One round: kills what there is, and says how much that was. */
static guint
kill_round(GArray *left)
{
    for (guint i = 0; i < left->len; i++)
        kill(g_array_index(left, pid_t, i), SIGKILL);
    return left->len;
}

bool
load_stop(Load *load, int timeout_ms, GError **error)
{
    int64_t deadline_ns = clock_raw_ns() + timeout_ms * NS_PER_MS;
    int status;

    /* Its first process leads a session of its own: most of the load ends with this. */
    if (load->pid)
        kill(-load->pid, SIGKILL);
    for (;;) {
        g_autoptr(GArray) left = process_tree_descendants(getpid());

        if (kill_round(left) == 0)
            break;
        if (clock_raw_ns() > deadline_ns) {
            g_autofree char *names = process_tree_describe(left);

            return failure_set(error, FAILURE_FAILED, "%u processes of the load do not end: %s",
                               left->len, names);
        }
        load_reap(load, &status);
        g_usleep(ROUND_US);
    }
    load_reap(load, &status);
    load->pid = 0;
    return true;
}
