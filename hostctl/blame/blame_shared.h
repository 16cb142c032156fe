/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program in the kernel and hostctl both see. All times in ns; moments are of the clocks
 * of run queues. */
#pragma once

#include <linux/types.h>

#define BLAME_NAME_SIZE 16      /* the kernel's TASK_COMM_LEN */
#define BLAME_CPUS_MAX 8192     /* the kernel's largest CONFIG_NR_CPUS; a power of two */
#define BLAME_SEGMENTS 256      /* remembered per CPU; a power of two */
#define BLAME_THREAD_BITS 16384 /* of the filters */
#define BLAME_GUEST_BITS 8192
#define BLAME_THREADS_MAX 8192 /* vCPU threads that can be watched */
#define BLAME_GUESTS_MAX 4096
#define BLAME_CAUSES 8        /* of a thread, beside its sums */
#define BLAME_WAITS_MAX 16384 /* pairs of a waiting thread and what it waited for, beyond those */
#define BLAME_PAIRS_MAX 32768 /* pairs of guests on sibling CPUs */

/* blame_wait_key.cause of what is no guest; a guest's is its process id. */
#define BLAME_CAUSE_TASK 0            /* a process, by `name` */
#define BLAME_CAUSE_KERNEL 0xffffffff /* a kernel thread, by `name` */

/* Who was on a CPU. */
struct blame_culprit {
    __u32 cause;
    __u32 idle;
    __u64 comm[2]; /* of its process; 0 for a guest */
};

/* What a thread waited for: one of the first few that it met. */
struct blame_cause {
    __u64 ns; /* 0: free, and so are those behind it */
    struct blame_culprit culprit;
};

/* A vCPU thread that is watched. Sums only grow. */
struct blame_thread {
    __u32 guest; /* its process id */
    __u32 gone;  /* the thread has ended; a new thread of its number is another */

    __u64 wait_ns;  /* all of it; the rest says behind whom */
    __u64 self_ns;  /* other threads of the same guest */
    __u64 quota_ns; /* its own CPU quota */
    __u64 idle_ns;  /* nobody: the CPU was idle and had to wake up */
    __u64
        other_ns; /* not known: more changes than are remembered, a full table, an unseen switch */

    __u64 seen;           /* delay_ns is known */
    __u64 delay_ns;       /* the kernel's run delay of the thread, of waits that are dealt with */
    __u64 throttled_mark; /* its group's throttling when the wait began, plus 1; 0: not known */

    struct blame_cause causes[BLAME_CAUSES];
};

struct blame_wait_key {
    __u32 thread;
    __u32 cause;
    char name[BLAME_NAME_SIZE]; /* all 0 for a guest */
};

struct blame_pair_key {
    __u32 low, high; /* process ids of two guests, ordered */
};

/* What every switch looks at, in one page: more of them cost more than what is done with them. */
struct blame_look {
    __u64 has_throttled;          /* a watched thread's group has stood still for its quota */
    __u64 has_waits;              /* something is or was in the table of waits */
    __u64 full_waits, full_pairs; /* additions that found their table full */

    /* Which thread and process ids may be watched: most tasks are dismissed by one bit. */
    __u64 threads[BLAME_THREAD_BITS / 64];
    __u64 guests[BLAME_GUEST_BITS / 64];

    /* CPUs in whose queue a watched thread is or was, or on which it sleeps: who is on any other
     * makes no watched thread wait. None is taken out again. */
    __u64 homes[BLAME_CPUS_MAX / 64];
};

/* From the end of the segment before on. */
struct blame_segment {
    __u64 end_ns; /* of the last one: not known, see blame_cpu.end_ns */
    struct blame_culprit culprit;
};

/* What a switch changes is in one cache line, unless somebody else was on the CPU. */
struct blame_cpu {
    __u64 end_ns;              /* of the last segment; 0: nothing remembered yet */
    struct blame_culprit last; /* who is in it */
    __u32 head;                /* segments begun so far */
    __u32 guest;               /* whose watched vCPU is on the CPU now; 0: none */
    __u64 guest_since_ns;
    __u64 sibling; /* the other thread of its core; itself when there is none */
    struct blame_segment segments[BLAME_SEGMENTS];
};
