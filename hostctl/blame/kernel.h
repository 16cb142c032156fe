/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The members of kernel structs that blame reads, and no others. Their places are found when the
 * program is loaded (CO-RE), so one build serves Linux 6.1 and later, and the machine that builds
 * needs no kernel with BTF.
 */
#pragma once

#include <linux/types.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rq {
    __u64 clock;      /* ns; what schedstat counts in */
    __u64 clock_pelt; /* the same, slower while the CPU is slower */
    struct task_struct *curr;
};

struct cfs_rq {
    struct rq *rq;
    __u64 throttled_clock_self; /* rq clock at which the group's own throttling began; 0: is not */
    __u64 throttled_clock_self_time; /* sum of what has ended; Linux 6.6 */
    __u64 throttled_clock_pelt;
    __u64 throttled_clock_pelt_time; /* before it */
    int throttle_count;
};

struct sched_entity {
    struct cfs_rq *cfs_rq; /* of the task's group, on the task's CPU */
};

struct task_group {
    struct cfs_rq **cfs_rq; /* by CPU */
};

/* What /proc/PID/schedstat shows. In ns, of the clock of the task's run queue. */
struct sched_info {
    unsigned long long run_delay;   /* of waits that have ended */
    unsigned long long last_queued; /* when the wait that goes on began; 0: it does not wait */
};

struct thread_info {
    __u32 cpu;
};

struct task_struct {
    struct thread_info thread_info;
    unsigned int flags;
    int pid;
    int tgid;
    struct task_struct *group_leader;
    struct task_group *sched_task_group;
    struct sched_entity se;
    struct sched_info sched_info;
    char comm[16];
};

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000
