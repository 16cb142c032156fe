/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who was on a CPU, as the program in the kernel names it to those who waited. */
#pragma once

#include "hostctl/blame/kernel.h"

#include <bpf/bpf_helpers.h>

#include "hostctl/blame/blame_shared.h"

/* Plain loads, no helper: this runs at every switch. */
static __always_inline void
culprit_comm(struct blame_culprit *culprit, struct task_struct *leader)
{
    culprit->comm[0] = *(const __u64 *) leader->comm;
    culprit->comm[1] = *(const __u64 *) (leader->comm + 8);
}

static __always_inline bool
culprit_is(const struct blame_culprit *culprit, const struct blame_culprit *other)
{
    return culprit->cause == other->cause && culprit->idle == other->idle &&
           culprit->comm[0] == other->comm[0] && culprit->comm[1] == other->comm[1];
}

/* A mask of the bytes before the first zero byte; ~0 without one. Little endian. */
static __always_inline __u64
before_end(__u64 text)
{
    __u64 ends = (text - 0x0101010101010101ull) & ~text & 0x8080808080808080ull;

    return ends ? ((ends & -ends) >> 7) - 1 : ~0ull;
}

/* The name in a comm: behind its end is what was there before. */
static __always_inline void
culprit_name(const __u64 *comm, char *ret_name)
{
    __u64 mask = before_end(comm[0]);
    __u64 name[2] = { comm[0] & mask, mask == ~0ull ? comm[1] & before_end(comm[1]) : 0 };

    __builtin_memcpy(ret_name, name, sizeof name);
}
