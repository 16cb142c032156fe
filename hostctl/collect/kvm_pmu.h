/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What decides how many counters are left for the host beside a guest's. */
#pragma once

#include <stdbool.h>

#include "common/base/sysroot.h"
#include "common/pmu/pmu_cpu.h"

/* KVM was loaded with its mediated vPMU: events of guest mode are refused to the host. */
bool kvm_pmu_is_mediated(const Sysroot *root);

/* The NMI watchdog counts cycles on each CPU. */
bool kvm_pmu_has_watchdog(const Sysroot *root);

/*
 * The counters of a hardware thread, by the table of CPUs, else by what this CPU says of itself.
 * False where neither knows.
 */
bool kvm_pmu_capacity(const Sysroot *root, PmuCapacity *ret_capacity);
