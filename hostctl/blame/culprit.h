/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who was on a CPU, as the program in the kernel names it to those who waited. */
#pragma once

#include "hostctl/blame/kernel.h"

#include <bpf/bpf_helpers.h>

#include "hostctl/blame/blame_shared.h"

struct culprit {
    __u32 cause, idle;
    __u64 name[2];
};

/* A mask of the bytes before the first zero byte; ~0 without one. Little endian. */
static __always_inline __u64
before_end(__u64 text)
{
    __u64 ends = (text - 0x0101010101010101ull) & ~text & 0x8080808080808080ull;

    return ends ? ((ends & -ends) >> 7) - 1 : ~0ull;
}

/* Plain loads, no helper: this runs at every switch while somebody waits.
 * Behind the end of comm is what was there before. */
static __always_inline void
culprit_name(struct culprit *culprit, struct task_struct *leader)
{
    __u64 first = *(const __u64 *) leader->comm, second = *(const __u64 *) (leader->comm + 8);
    __u64 mask = before_end(first);

    culprit->name[0] = first & mask;
    culprit->name[1] = mask == ~0ull ? second & before_end(second) : 0;
}

/* Whether the segment is by the same. */
static __always_inline bool
culprit_has(const struct culprit *culprit, const struct blame_segment *segment)
{
    const __u64 *name = (const __u64 *) segment->name;

    return segment->cause == culprit->cause && segment->idle == culprit->idle &&
           name[0] == culprit->name[0] && name[1] == culprit->name[1];
}
