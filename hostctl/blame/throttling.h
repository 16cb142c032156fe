/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long a watched thread's group stands still for its CPU quota, as the kernel sums it up. */
#pragma once

#include "hostctl/blame/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "hostctl/blame/blame_shared.h"

/* `typed`: the verifier knows what the pointer's struct is, so no helper is needed. */
static __always_inline __u64
load(const __u64 *from, bool typed)
{
    __u64 value = 0;

    if (typed)
        return *from;
    bpf_probe_read_kernel(&value, sizeof value, from);
    return value;
}

/* How long a group stood still for its quota on its CPU, up to now. */
static __always_inline __u64
throttled_ns(struct cfs_rq *group, bool typed)
{
    __u64 since_ns;

    if (bpf_core_field_exists(group->throttled_clock_self_time)) {
        since_ns = load(&group->throttled_clock_self, typed);
        return load(&group->throttled_clock_self_time, typed) +
               (since_ns ? BPF_CORE_READ(group, rq, clock) - since_ns : 0);
    }
    if (bpf_core_field_exists(group->throttled_clock_pelt_time)) {
        since_ns = load(&group->throttled_clock_pelt, typed);
        return load(&group->throttled_clock_pelt_time, typed) +
               (BPF_CORE_READ(group, throttle_count)
                    ? BPF_CORE_READ(group, rq, clock_pelt) - since_ns
                    : 0);
    }
    return 0;
}

/* How much of a wait its group was throttled, which by now it was for `sum_ns` in all. */
static __always_inline __u64
quota_ns(const struct blame_thread *thread, __u64 sum_ns, __u64 wait_ns)
{
    __u64 before_ns = thread->throttled_mark - 1;

    if (!thread->throttled_mark || sum_ns <= before_ns)
        return 0;
    return sum_ns - before_ns < wait_ns ? sum_ns - before_ns : wait_ns;
}
