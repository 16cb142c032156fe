/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each host CPU did since boot, from /proc/stat, in ns (in steps of 10 ms: USER_HZ). */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"

typedef struct {
    unsigned cpu;
    uint64_t user_ns;   /* user and nice; the time in guests is in it */
    uint64_t system_ns; /* kernel, without interrupts */
    uint64_t irq_ns;    /* hard and soft interrupts */
    uint64_t idle_ns;
    uint64_t iowait_ns; /* idle too */
    uint64_t steal_ns;  /* taken from this host, where it is a guest itself */
} CpuTime;

typedef struct CpuTimes CpuTimes;

/* Keeps /proc/stat open. */
CpuTimes *cpu_times_new(const Sysroot *root, GError **error);
void cpu_times_free(CpuTimes *times);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuTimes, cpu_times_free)

/* Reads all CPUs that are online: one pread(2), no allocation. */
bool cpu_times_read(CpuTimes *times, GError **error);

/* The CPUs of the last reading, by number; owned by `times`, valid until the next reading. */
const CpuTime *cpu_times_get(const CpuTimes *times, size_t *ret_length);

/* Busy time (user, system, irq) of the pool's CPUs in the last reading, summed. */
uint64_t cpu_times_busy_ns(const CpuTimes *times, const cpu_set_t *pool);

/* How many CPUs of `pool` were there at the last reading: one that is offline has no line. */
unsigned cpu_times_online(const CpuTimes *times, const cpu_set_t *pool);
