/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostctl/collect/cpu_time.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"

#define LINE_BYTES 256 /* "cpu1023" and ten numbers of up to 20 digits */
#define COLUMNS 8      /* user nice system idle iowait irq softirq steal; guest is in user */

struct CpuTimes {
    int fd;
    uint64_t tick_ns;
    char *text;
    CpuTime *cpus;
    size_t length;
};

CpuTimes *
cpu_times_new(const Sysroot *root, GError **error)
{
    int fd = sysroot_open(root, "proc/stat", error);
    CpuTimes *times;

    if (fd < 0)
        return NULL;
    times = g_new0(CpuTimes, 1);
    times->fd = fd;
    times->tick_ns = NS_PER_SECOND / sysconf(_SC_CLK_TCK);
    times->text = g_malloc((CPU_SETSIZE + 1) * LINE_BYTES);
    times->cpus = g_new0(CpuTime, CPU_SETSIZE);
    return times;
}

void
cpu_times_free(CpuTimes *times)
{
    if (!times)
        return;

    close(times->fd);
    g_free(times->text);
    g_free(times->cpus);
    g_free(times);
}

/* One line "cpu3 1 2 3 …"; false when it is another line. */
static bool
parse_line(const char *line, uint64_t tick_ns, CpuTime *ret_cpu)
{
    uint64_t values[COLUMNS] = { 0 };
    char *at = NULL;
    guint64 cpu = g_ascii_strtoull(line + strlen("cpu"), &at, 10);

    if (at == line + strlen("cpu") || cpu >= CPU_SETSIZE)
        return false;
    for (size_t i = 0; i < COLUMNS && *at == ' '; i++)
        values[i] = g_ascii_strtoull(at, &at, 10) * tick_ns;

    *ret_cpu = (CpuTime){
        .cpu = cpu,
        .user_ns = values[0] + values[1],
        .system_ns = values[2],
        .idle_ns = values[3],
        .iowait_ns = values[4],
        .irq_ns = values[5] + values[6],
        .steal_ns = values[7],
    };
    return true;
}

bool
cpu_times_read(CpuTimes *times, GError **error)
{
    ssize_t n = pread(times->fd, times->text, (CPU_SETSIZE + 1) * LINE_BYTES - 1, 0);
    size_t length = 0;
    char *line, *end;

    if (n < 0)
        return failure_set_errno(error, errno, "/proc/stat");
    times->text[n] = '\0';

    /* The CPUs come first; the sum over all ("cpu ") is not one of them. */
    for (line = times->text; g_str_has_prefix(line, "cpu"); line = end + 1) {
        end = strchr(line, '\n');
        if (!end)
            break;
        if (line[strlen("cpu")] != ' ' && length < CPU_SETSIZE &&
            parse_line(line, times->tick_ns, &times->cpus[length]))
            length++;
    }
    if (length == 0)
        return failure_set(error, FAILURE_FAILED, "/proc/stat: no line of a CPU in it");

    times->length = length;
    return true;
}

const CpuTime *
cpu_times_get(const CpuTimes *times, size_t *ret_length)
{
    *ret_length = times->length;
    return times->cpus;
}

uint64_t
cpu_times_busy_ns(const CpuTimes *times, const cpu_set_t *pool)
{
    uint64_t busy_ns = 0;

    for (size_t i = 0; i < times->length; i++)
        if (CPU_ISSET(times->cpus[i].cpu, pool))
            busy_ns += times->cpus[i].user_ns + times->cpus[i].system_ns + times->cpus[i].irq_ns;
    return busy_ns;
}

unsigned
cpu_times_online(const CpuTimes *times, const cpu_set_t *pool)
{
    unsigned n = 0;

    for (size_t i = 0; i < times->length; i++)
        n += CPU_ISSET(times->cpus[i].cpu, pool) != 0;
    return n;
}
