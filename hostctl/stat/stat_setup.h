/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the host lets be counted, found before anything is opened. */
#pragma once

#include "common/pmu/pmu_cpu.h"
#include "hostctl/stat/stat_vcpu.h"

/*
 * Fills in the setup for `root` and `events`, which it borrows. Error: a hybrid CPU and hardware
 * events, whose counts mean something else on each kind of core.
 */
bool stat_setup_read(const Sysroot *root, const StatEvents *events, StatSetup *ret_setup,
                     GError **error);

/*
 * One sentence when the events do not fit the PMU's counters all at once, so that the kernel
 * multiplexes them; NULL when they fit, or when how many there are is not told. Free with
 * g_free().
 */
char *stat_setup_budget_note(const StatSetup *setup, const PmuCapacity *capacity);
