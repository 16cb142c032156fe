/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A kernel PMU that does what a test says: for the errors and the numbers that no machine shows on
 * demand. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/event.h"
#include "common/pmu/pmu_kernel.h"

typedef struct {
    PmuKernel kernel; /* give &fake.kernel to the code under test */

    /* What it shall do. */
    int open_errno[EVENT_MAX]; /* of the n-th open, if not 0 */
    bool no_hardware;          /* ENOENT for all but software events */
    int read_errno, ioctl_errno;
    ssize_t read_short; /* give so many bytes fewer */
    bool shuffle;       /* list the siblings in another order */
    uint64_t values[EVENT_MAX], enabled_ns, running_ns;

    /* What it saw. */
    unsigned n_opens, n_open, n_enables, n_disables;
    struct perf_event_attr attrs[EVENT_MAX]; /* of the events that were opened */
    pid_t tid;
    int cpu, group_fd; /* of the last open */
} FakeKernel;

void fake_kernel_init(FakeKernel *fake);
