/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many counters a CPU's core PMU has, by vendor, family and model.
 *
 * Sources: Intel SDM volume 3, chapter “Performance Monitoring” (general counters are shared
 * between the two threads of a core up to Cascade Lake: 8 with Hyper-Threading off in the firmware,
 * 4 each with it on); AMD PPR of families 17h, 19h and 1Ah (six core counters, none fixed); Linux
 * arch/x86/kvm (what KVM passes on to a guest).
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/cpuinfo.h"

/* Counters that count one thing only. Each is there once. */
typedef enum {
    PMU_FIXED_INSTRUCTIONS = 1 << 0,
    PMU_FIXED_CYCLES = 1 << 1,
    PMU_FIXED_REF_CYCLES = 1 << 2,
    PMU_FIXED_SLOTS = 1 << 3,
} PmuFixed;

/* What one hardware thread can count at the same time. */
typedef struct {
    unsigned general;        /* counters that take any event */
    unsigned fixed;          /* PmuFixed bits */
    bool general_ref_cycles; /* ref-cycles is an ordinary event (AMD since Zen 4) */
    unsigned guest_general;  /* of these, as many as KVM gives to a guest */
    unsigned guest_fixed;    /* PmuFixed bits */
} PmuCapacity;

typedef struct {
    const char *name; /* "Cascade Lake" */
    bool hybrid;      /* two kinds of cores: KVM gives guests no PMU */
    PmuCapacity capacity;
} PmuCpu;

/*
 * The PMU of a CPU of the table. `threads_share` says that Hyper-Threading is on in the firmware,
 * whether or not the kernel uses it. False when the model is not in the table.
 */
bool pmu_cpu_find(const CpuInfo *info, bool threads_share, PmuCpu *ret_cpu);

/*
 * What CPUID says of the CPU that runs this (leaf 0AH; AMD 80000022H, else the feature flag).
 * False where it says nothing, as in a guest without a PMU.
 */
bool pmu_capacity_of_this_cpu(PmuCapacity *ret_capacity);

/* Names of the fixed counters, "instructions, cycles, ref-cycles"; "" for none. Free with g_free().
 */
char *pmu_fixed_names(unsigned fixed);

/* How many there are. */
unsigned pmu_fixed_count(unsigned fixed);
