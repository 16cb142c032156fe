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

struct thread_info {
    __u32 cpu;
};

struct mm_struct {
    int map_count;
};

struct task_struct {
    struct thread_info thread_info;
    unsigned int flags;
    int on_cpu;
    int pid;
    int tgid;
    struct mm_struct *mm;
    struct task_struct *group_leader;
    struct task_group *sched_task_group;
    struct sched_entity se;
    bool throttled; /* Linux 6.18: this very task stands still for its group's quota */
    char comm[16];
};

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000
