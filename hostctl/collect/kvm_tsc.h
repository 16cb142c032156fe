/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * KVM's exact map from the host's TSC to a vCPU's, which debugfs shows:
 * guest TSC = (host TSC * ratio >> frac_bits) + offset.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

typedef struct {
    int64_t offset;
    uint64_t ratio; /* 1 << frac_bits: not scaled */
    unsigned frac_bits;
} KvmTsc;

/* False where debugfs is not mounted or not readable, or KVM shows no such vCPU. */
bool kvm_tsc_read(const Sysroot *root, pid_t pid, unsigned vcpu, KvmTsc *ret_tsc);

/* The host TSC at which the guest's stood so. */
uint64_t kvm_tsc_to_host(const KvmTsc *tsc, uint64_t guest_tsc);
