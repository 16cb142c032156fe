/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the program in the kernel and hostctl both see. All times in ns of CLOCK_MONOTONIC. */
#pragma once

#include <linux/types.h>

#define EXITS_FILTER_BITS 65536
#define EXITS_THREADS_MAX 8192 /* vCPU threads that can be watched */
#define EXITS_SUMS_MAX 32768   /* pairs of a thread and a reason */

/* A sum's key; the thread's own copy says which exit is open. */
struct exits_key {
    __u32 thread;
    __u32 reason; /* as the CPU gave it */
    __u32 isa;    /* whose numbers these are: 1 is Intel's, 2 AMD's */
};

/* Both only grow. Only the thread itself writes them, so nothing is added twice. */
struct exits_sum {
    __u64 count;
    __u64 time_ns; /* from such an exit to the next entry that was seen */
};

/* A vCPU thread that is watched. */
struct exits_thread {
    __u64 exited_ns; /* of the exit that is open; 0: in the guest, or nothing seen yet */
    struct exits_key open;
    __u32 pad;
    struct exits_sum unnamed; /* exits whose reason found the table full */
};
