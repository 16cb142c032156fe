/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the host's clock is governed: the files of cpufreq, and those of intel_pstate. */
#pragma once

#include "common/base/sysroot.h"

#define CPUFREQ_DIR "sys/devices/system/cpu/cpufreq"
#define CPUFREQ_NO_TURBO "sys/devices/system/cpu/intel_pstate/no_turbo"
#define CPUFREQ_BOOST CPUFREQ_DIR "/boost"

typedef enum { CPUFREQ_TURBO_UNTOLD, CPUFREQ_TURBO_ON, CPUFREQ_TURBO_OFF } CpufreqTurbo;

CpufreqTurbo cpufreq_turbo(const Sysroot *root);

/* The files of every policy's governor, NULL-terminated; empty without cpufreq. Free with
 * g_strfreev(). */
char **cpufreq_governor_files(const Sysroot *root);

/*
 * The highest clock in kHz to ask a policy for, to have at most `percent` of the highest it can:
 * one that it lists, where it lists any, and never below its lowest. False when it does not tell
 * its clocks.
 */
bool cpufreq_limit_khz(const Sysroot *root, const char *policy, unsigned percent,
                       uint64_t *ret_khz);

/* The governors in use, each once, "performance" or "ondemand, performance"; NULL without cpufreq.
 * Free with g_free(). */
char *cpufreq_governors(const Sysroot *root);
