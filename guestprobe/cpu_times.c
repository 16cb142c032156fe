/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/cpu_times.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/failure.h"

/* "cpu1023 " and ten numbers of at most 20 digits. */
#define LINE_BYTES 256

/* In the order of /proc/stat. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, N_FIELDS };

struct CpuTimesReader {
    int fd;
    int64_t tick_ns;
    int past_cpu; /* one more than the highest CPU seen */
    CpuTimes times[CPU_SETSIZE];
    size_t size;
    char text[]; /* the file's beginning, where the CPUs are */
};

CpuTimesReader *
cpu_times_open(const Sysroot *root, const cpu_set_t *cpus, GError **error)
{
    size_t size = (size_t) (CPU_COUNT(cpus) + 1) * LINE_BYTES;
    int fd = sysroot_open(root, "proc/stat", error);
    CpuTimesReader *reader;

    if (fd < 0)
        return NULL;

    reader = g_malloc0(sizeof *reader + size);
    reader->fd = fd;
    reader->size = size;
    reader->tick_ns = NS_PER_SECOND / sysconf(_SC_CLK_TCK);
    return reader;
}

void
cpu_times_close(CpuTimesReader *reader)
{
    if (!reader)
        return;

    close(reader->fd);
    g_free(reader);
}

static const char *
parse_number(const char *at, const char *end, int64_t *ret_number)
{
    int64_t number = 0;

    while (at < end && *at == ' ')
        at++;
    for (; at < end && g_ascii_isdigit(*at); at++)
        number = number * 10 + (*at - '0');
    *ret_number = number;
    return at;
}

/* A line "cpu3 1 2 3 …" without its end. */
static void
parse_line(CpuTimesReader *reader, const char *at, const char *end)
{
    int64_t cpu, fields[N_FIELDS];

    if (end - at < 4 || memcmp(at, "cpu", 3) != 0 || !g_ascii_isdigit(at[3]))
        return;
    at = parse_number(at + 3, end, &cpu);
    if (cpu >= CPU_SETSIZE)
        return;
    for (int i = 0; i < N_FIELDS; i++)
        at = parse_number(at, end, &fields[i]);

    reader->past_cpu = MAX(reader->past_cpu, (int) cpu + 1);
    reader->times[cpu].steal_ns = fields[STEAL] * reader->tick_ns;
    reader->times[cpu].busy_ns =
        (fields[USER] + fields[NICE] + fields[SYSTEM] + fields[IRQ] + fields[SOFTIRQ]) *
        reader->tick_ns;
}

bool
cpu_times_update(CpuTimesReader *reader, GError **error)
{
    ssize_t n = pread(reader->fd, reader->text, reader->size, 0);
    const char *at = reader->text, *end, *newline;

    if (n < 0)
        return failure_set_errno(error, errno, "reading /proc/stat");

    /* Only whole lines: the buffer may end within the one behind the CPUs. */
    for (end = at + n; at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t) (end - at));
        if (!newline)
            break;
        parse_line(reader, at, newline);
    }
    return true;
}

CpuTimes
cpu_times_of(const CpuTimesReader *reader, int cpu)
{
    return reader->times[cpu];
}

CpuTimes
cpu_times_total(const CpuTimesReader *reader)
{
    CpuTimes total = { 0 };

    for (int cpu = 0; cpu < reader->past_cpu; cpu++) {
        total.steal_ns += reader->times[cpu].steal_ns;
        total.busy_ns += reader->times[cpu].busy_ns;
    }
    return total;
}
