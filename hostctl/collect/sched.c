/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/sched.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/base/failure.h"

/* Digits, then one of `ends`; NULL when there are none or they overflow. */
static const char *
parse_number(const char *text, const char *ends, uint64_t *ret_value)
{
    uint64_t value = 0;
    const char *c = text;

    for (; *c >= '0' && *c <= '9'; c++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t) (*c - '0'), &value))
            return NULL;
    if (c == text || !strchr(ends, *c))
        return NULL;

    *ret_value = value;
    return *c ? c + 1 : c;
}

bool
sched_parse(const char *text, SchedReading *ret_reading)
{
    SchedReading reading;
    const char *at = parse_number(text, " ", &reading.run_ns);

    at = at ? parse_number(at, " ", &reading.delay_ns) : NULL;
    at = at ? parse_number(at, "\n", &reading.slices) : NULL;
    if (!at || *at)
        return false;

    *ret_reading = reading;
    return true;
}

bool
sched_open(const Sysroot *root, const QemuThread *thread, SchedFile *ret_file, GError **error)
{
    g_autofree char *path = g_strdup_printf("proc/%d/task/%d/schedstat", thread->pid, thread->tid);
    SchedFile file = { .fd = sysroot_open(root, path, error) };
    uint64_t start_ticks;

    if (file.fd < 0)
        return false;

    /* The same start time after opening: what was opened belongs to the thread that was found. */
    if (!thread_start_ticks(root, thread->pid, thread->tid, &start_ticks, error)) {
        sched_close(&file);
        return false;
    }
    if (start_ticks != thread->start_ticks) {
        sched_close(&file);
        return failure_set(error, FAILURE_FAILED, "thread %d of process %d (%s) has ended",
                           thread->tid, thread->pid, thread->name);
    }

    *ret_file = file;
    return true;
}

void
sched_close(SchedFile *file)
{
    if (file->fd >= 0)
        close(file->fd);
    *file = SCHED_FILE_CLOSED;
}

SchedStatus
sched_read(const SchedFile *file, SchedReading *ret_reading)
{
    char text[128];
    ssize_t n = pread(file->fd, text, sizeof text - 1, 0);

    if (n <= 0)
        return n < 0 && errno != ESRCH && errno != EBADF ? SCHED_BROKEN : SCHED_GONE;

    text[n] = '\0';
    return sched_parse(text, ret_reading) ? SCHED_READ : SCHED_BROKEN;
}

bool
sched_accounting_is_on(const Sysroot *root)
{
    g_autofree char *text = NULL;
    SchedReading reading;

    if (!sysroot_is_live(root))
        return true;
    return sysroot_read(root, "proc/thread-self/schedstat", &text, NULL) &&
           sched_parse(text, &reading) && reading.run_ns + reading.slices > 0;
}

bool
sched_raise_limit(unsigned descriptors, GError **error)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return failure_set_errno(error, errno, "the limit of open files");
    if (limit.rlim_cur >= descriptors)
        return true;

    limit.rlim_cur = MIN(descriptors, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return failure_set_errno(error, errno, "raising the limit of open files to %u",
                                 descriptors);
    if (limit.rlim_cur < descriptors)
        return failure_set(
            error, FAILURE_FAILED,
            "%u open files are needed, the hard limit is %ju; raise it (ulimit -Hn, or"
            " LimitNOFILE= in a systemd unit)",
            descriptors, (uintmax_t) limit.rlim_max);
    return true;
}
