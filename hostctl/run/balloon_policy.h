/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How large a guest should be now: the rules of oVirt's Memory Overcommitment Manager (mom, its
 * doc/balloon.rules), which production nodes run. While the host has memory, balloons are let out
 * by 5 % a step, and at once as far as a guest needs 20 % free; when less than 20 % of the host's
 * memory are left, every guest is shrunk, by at most 5 % a step, to what it uses and a share of
 * free memory that falls with the host's; below 5 % it is made to swap. Unlike mom this looks at
 * the latest figures, not at a mean of ten.
 */
#pragma once

#include <stdint.h>

#define BALLOON_POLICY_INTERVAL_NS 10000000000ll /* mom's policy-engine-interval */

typedef struct {
    uint64_t current_kib;
    uint64_t unused_kib; /* MemFree inside */
    uint64_t least_kib;  /* below this it would not survive: ours, mom has 0 */
    uint64_t most_kib;
} BalloonPolicyGuest;

/* `host_free_ratio`: available over all memory of the host. The size to ask for; current_kib when
 * a change would be too small to be worth it. */
uint64_t balloon_policy_target(const BalloonPolicyGuest *guest, double host_free_ratio);
