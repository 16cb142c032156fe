/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel's side of perf events as a table of four functions, so that a simulated PMU can stand
 * behind the same code. Each behaves as the system call does: -1 and errno on failure.
 */
#pragma once

#include <linux/perf_event.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct {
    int (*open)(void *context, const struct perf_event_attr *attr, pid_t tid, int cpu,
                int group_fd);
    ssize_t (*read)(void *context, int fd, void *buffer, size_t size);
    int (*ioctl)(void *context, int fd, unsigned long request, unsigned long argument);
    int (*close)(void *context, int fd);
    void *context; /* handed to each of them */
} PmuKernel;

/* The machine we run on. */
extern const PmuKernel pmu_kernel_real;
