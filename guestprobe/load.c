/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/load.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "common/wire/message.h"
#include "guestprobe/child.h"
#include "guestprobe/process_tree.h"
#include "guestprobe/work_count.h"

#define STOP_ON_FREE_MS 2000
#define ROUND_US 1000

struct Load {
    pid_t pid; /* of the first process; 0: none runs */
    WorkCount work;
};

Load *
load_new(void)
{
    Load *load = g_new0(Load, 1);

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* Without it loads run as well, and tell nothing. */
    if (!work_count_make(&load->work))
        load->work = (WorkCount){ 0 };
    return load;
}

void
load_free(Load *load)
{
    if (!load)
        return;

    load_stop(load, STOP_ON_FREE_MS, NULL);
    work_count_free(&load->work);
    g_free(load);
}

uint64_t
load_work(const Load *load)
{
    return load->work.units ? work_count_read(&load->work) : WIRE_WORK_NOT_TOLD;
}

/* The variable that leads a load to its number, behind the others. */
static char **
with_work_count(const Load *load, const char *const *env)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

    for (; env && *env; env++)
        g_ptr_array_add(all, g_strdup(*env));
    if (load->work.variable)
        g_ptr_array_add(all, g_strdup(load->work.variable));
    g_ptr_array_add(all, NULL);
    return (char **) g_ptr_array_free(g_steal_pointer(&all), FALSE);
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
    g_auto(GStrv) all = with_work_count(load, env);
    const ChildSpec spec = { .argv = argv, .env = (const char *const *) all, .detached = true };
    Child child;
    int refusal;

    if (load->pid)
        return EBUSY;
    if (!load_stop(load, STOP_ON_FREE_MS, NULL))
        return EBUSY;
    if (load->work.units)
        work_count_reset(&load->work);
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
