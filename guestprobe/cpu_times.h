/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each CPU did since boot, from /proc/stat, read at every tick without allocating. */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"

/* In steps of a clock tick (10 ms): the kernel counts ticks. */
typedef struct {
    int64_t steal_ns; /* runnable, but the hypervisor ran others */
    int64_t busy_ns;  /* user + nice + system + irq + softirq */
} CpuTimes;

typedef struct CpuTimesReader CpuTimesReader;

CpuTimesReader *cpu_times_open(const Sysroot *root, const cpu_set_t *cpus, GError **error);
void cpu_times_close(CpuTimesReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuTimesReader, cpu_times_close)

/* Reads the file once, for cpu_times_of(). False when it cannot be read. */
bool cpu_times_update(CpuTimesReader *reader, GError **error);

/* Of the last update; zeros for a CPU that the file does not list. */
CpuTimes cpu_times_of(const CpuTimesReader *reader, int cpu);

/* Of all CPUs together. */
CpuTimes cpu_times_total(const CpuTimesReader *reader);
