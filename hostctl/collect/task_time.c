/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/task_time.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"
#include "hostctl/collect/ksm.h"
#include "hostctl/collect/sched.h"

#define UTIME_FIELD 14 /* of /proc/PID/stat, as proc(5) counts; stime follows */

/* A thread with its own account; it keeps what it last had when it ends. */
typedef struct {
    SchedFile file;
    uint64_t base_ns; /* used before it was followed, where that does not count */
    uint64_t run_ns;
} ThreadClock;

typedef struct {
    pid_t pid;
    uint64_t start_ticks;
    bool ours;
    int stat_fd;
    GArray *vcpus;    /* ThreadClock; empty for a foreign guest, of which all time counts */
    uint64_t base_ns; /* used before it was followed */
    uint64_t used_ns; /* the last figure, which must not drop */
} Followed;

struct TaskTimes {
    const Sysroot *root;
    uint64_t tick_ns;
    uint64_t made_ticks; /* since boot: what was started later is followed from its start */
    GPtrArray *guests;   /* Followed */
    GArray *ksmd;        /* ThreadClock: one, or none */
    GArray *vhosts;      /* ThreadClock: our guests' kernel threads */
    GArray *foreign_vhosts;
    GArray *hogs; /* ThreadClock */
};

static const char *const kind_names[TASK_KINDS] = {
    [TASK_KSMD] = "ksmd",   [TASK_SELF] = "hostctl",    [TASK_QEMU_OTHER] = "qemu-other",
    [TASK_VHOST] = "vhost", [TASK_FOREIGN] = "foreign", [TASK_HOG] = "host-hog",
};

const char *
task_kind_name(TaskKind kind)
{
    return kind_names[kind];
}

static void
clear_clock(void *data)
{
    ThreadClock *clock = data;

    sched_close(&clock->file);
}

static GArray *
clocks_new(void)
{
    GArray *clocks = g_array_new(FALSE, FALSE, sizeof(ThreadClock));

    g_array_set_clear_func(clocks, clear_clock);
    return clocks;
}

static void
followed_free(void *data)
{
    Followed *followed = data;

    if (followed->stat_fd >= 0)
        close(followed->stat_fd);
    g_array_unref(followed->vcpus);
    g_free(followed);
}

static bool
clocks_add(const Sysroot *root, GArray *clocks, const QemuThread *thread, GError **error)
{
    ThreadClock clock = { .file = SCHED_FILE_CLOSED };

    if (!sched_open(root, thread, &clock.file, error))
        return false;
    g_array_append_val(clocks, clock);
    return true;
}

static uint64_t
clocks_read(GArray *clocks)
{
    uint64_t sum_ns = 0;

    for (guint i = 0; i < clocks->len; i++) {
        ThreadClock *clock = &g_array_index(clocks, ThreadClock, i);
        SchedReading reading;

        if (sched_read(&clock->file, &reading) == SCHED_READ)
            clock->run_ns = reading.run_ns;
        sum_ns += clock->run_ns - clock->base_ns;
    }
    return sum_ns;
}

/* utime + stime of a whole process, ended threads too; false when it is gone. */
static bool
read_process(int fd, uint64_t tick_ns, uint64_t *ret_used_ns)
{
    char text[1024];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    uint64_t utime, stime;
    char *at;

    if (n <= 0)
        return false;
    text[n] = '\0';
    at = strrchr(text, ')');
    for (int field = 2; at && field < UTIME_FIELD; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return false;

    utime = g_ascii_strtoull(at, &at, 10);
    stime = g_ascii_strtoull(at, &at, 10);
    *ret_used_ns = (utime + stime) * tick_ns;
    return true;
}

/* The time since it was first seen; process time is rounded down, so the difference may dip. */
static uint64_t
followed_read(Followed *followed, uint64_t tick_ns)
{
    uint64_t vcpu_ns = clocks_read(followed->vcpus);
    uint64_t process_ns;

    if (followed->stat_fd < 0)
        return followed->used_ns;
    if (!read_process(followed->stat_fd, tick_ns, &process_ns)) {
        close(followed->stat_fd);
        followed->stat_fd = -1;
    } else if (process_ns >= vcpu_ns + followed->base_ns) {
        followed->used_ns = MAX(followed->used_ns, process_ns - vcpu_ns - followed->base_ns);
    }
    return followed->used_ns;
}

static uint64_t
ticks_since_boot(uint64_t tick_ns)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return ((uint64_t) now.tv_sec * NS_PER_SECOND + (uint64_t) now.tv_nsec) / tick_ns;
}

TaskTimes *
task_times_new(const Sysroot *root)
{
    TaskTimes *times = g_new0(TaskTimes, 1);
    pid_t ksmd = ksm_daemon_pid(root);
    QemuThread thread = { .pid = ksmd, .tid = ksmd, .name = "ksmd" };

    times->root = root;
    times->tick_ns = NS_PER_SECOND / sysconf(_SC_CLK_TCK);
    times->made_ticks = ticks_since_boot(times->tick_ns);
    times->guests = g_ptr_array_new_with_free_func(followed_free);
    times->ksmd = clocks_new();
    times->vhosts = clocks_new();
    times->foreign_vhosts = clocks_new();
    times->hogs = clocks_new();
    if (ksmd > 0 && thread_start_ticks(root, ksmd, ksmd, &thread.start_ticks, NULL))
        clocks_add(root, times->ksmd, &thread, NULL);
    return times;
}

void
task_times_free(TaskTimes *times)
{
    if (!times)
        return;

    g_ptr_array_unref(times->guests);
    g_array_unref(times->ksmd);
    g_array_unref(times->vhosts);
    g_array_unref(times->foreign_vhosts);
    g_array_unref(times->hogs);
    g_free(times);
}

static bool
is_followed(const TaskTimes *times, const QemuProcess *process)
{
    for (guint i = 0; i < times->guests->len; i++) {
        const Followed *followed = times->guests->pdata[i];

        if (followed->pid == process->pid && followed->start_ticks == process->start_ticks)
            return true;
    }
    return false;
}

static bool
is_newer(const TaskTimes *times, const QemuProcess *process)
{
    return sysroot_is_live(times->root) && process->start_ticks > times->made_ticks;
}

static void
follow_kernel_vhosts(TaskTimes *times, const QemuProcess *process, bool ours)
{
    GArray *clocks = ours ? times->vhosts : times->foreign_vhosts;

    for (guint i = 0; i < process->others->len; i++) {
        const QemuThread *thread = &g_array_index(process->others, QemuThread, i);
        SchedReading reading;
        ThreadClock *clock;

        if (thread->pid == process->pid || !clocks_add(times->root, clocks, thread, NULL))
            continue;
        clock = &g_array_index(clocks, ThreadClock, clocks->len - 1);
        if (!ours && !is_newer(times, process) && sched_read(&clock->file, &reading) == SCHED_READ)
            clock->base_ns = clock->run_ns = reading.run_ns;
    }
}

bool
task_times_follow(TaskTimes *times, const QemuProcess *process, bool ours, GError **error)
{
    g_autofree char *path = g_strdup_printf("proc/%d/stat", process->pid);
    Followed *followed;

    if (is_followed(times, process))
        return true;

    followed = g_new0(Followed, 1);
    followed->pid = process->pid;
    followed->start_ticks = process->start_ticks;
    followed->ours = ours;
    followed->vcpus = clocks_new();
    followed->stat_fd = sysroot_open(times->root, path, error);
    for (guint i = 0; ours && followed->stat_fd >= 0 && i < process->vcpus->len; i++)
        if (!clocks_add(times->root, followed->vcpus, &g_array_index(process->vcpus, QemuThread, i),
                        error)) {
            close(followed->stat_fd);
            followed->stat_fd = -1;
        }
    if (followed->stat_fd < 0) {
        followed_free(followed);
        return false;
    }

    if (ours || !is_newer(times, process)) {
        followed->base_ns = followed_read(followed, times->tick_ns);
        followed->used_ns = 0;
    }
    g_ptr_array_add(times->guests, followed);
    follow_kernel_vhosts(times, process, ours);
    return true;
}

bool
task_times_follow_hog(TaskTimes *times, pid_t pid, GError **error)
{
    QemuThread thread = { .pid = pid, .tid = pid, .name = "hog" };

    return thread_start_ticks(times->root, pid, pid, &thread.start_ticks, error) &&
           clocks_add(times->root, times->hogs, &thread, error);
}

void
task_times_read(TaskTimes *times, uint64_t ret_run_ns[TASK_KINDS])
{
    struct timespec self;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &self);
    ret_run_ns[TASK_KSMD] = clocks_read(times->ksmd);
    ret_run_ns[TASK_SELF] = (uint64_t) self.tv_sec * NS_PER_SECOND + self.tv_nsec;
    ret_run_ns[TASK_VHOST] = clocks_read(times->vhosts);
    ret_run_ns[TASK_HOG] = clocks_read(times->hogs);
    ret_run_ns[TASK_QEMU_OTHER] = 0;
    ret_run_ns[TASK_FOREIGN] = clocks_read(times->foreign_vhosts);
    for (guint i = 0; i < times->guests->len; i++) {
        Followed *followed = times->guests->pdata[i];

        ret_run_ns[followed->ours ? TASK_QEMU_OTHER : TASK_FOREIGN] +=
            followed_read(followed, times->tick_ns);
    }
}
