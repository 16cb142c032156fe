/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/pmu_kernel.h"

#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
real_open(void *context, const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
    return (int) syscall(SYS_perf_event_open, attr, tid, cpu, group_fd, PERF_FLAG_FD_CLOEXEC);
}

static ssize_t
real_read(void *context, int fd, void *buffer, size_t size)
{
    return read(fd, buffer, size);
}

static int
real_ioctl(void *context, int fd, unsigned long request, unsigned long argument)
{
    return ioctl(fd, request, argument);
}

static int
real_close(void *context, int fd)
{
    return close(fd);
}

const PmuKernel pmu_kernel_real = {
    .open = real_open,
    .read = real_read,
    .ioctl = real_ioctl,
    .close = real_close,
};
