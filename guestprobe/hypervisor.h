/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Under whom we run, as the CPU says itself: no kernel, no configuration can be wrong about it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define HYPERVISOR_SIGNATURE_BYTES 12

typedef struct {
    char name[HYPERVISOR_SIGNATURE_BYTES + 1]; /* "KVM", "TCG", "Xen", … "none", or a signature */
    bool steal_clock; /* KVM's or Xen's, so that /proc/stat's steal means something */
} Hypervisor;

/* CPUID as a function, so that tests can be any machine. */
typedef struct {
    uint32_t eax, ebx, ecx, edx;
} CpuidWords;
typedef CpuidWords (*CpuidFunc)(uint32_t leaf);

/* The CPU that we run on. Zeros where the architecture has no such instruction. */
CpuidWords hypervisor_cpuid(uint32_t leaf);

Hypervisor hypervisor_detect(CpuidFunc cpuid);
