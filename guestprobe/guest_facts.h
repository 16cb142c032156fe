/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the guest says of itself: kernel, CPU, hypervisor, clock, counters. */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/json_text.h"
#include "common/base/sysroot.h"
#include "guestprobe/hypervisor.h"

/*
 * A JSON object on one line, keys as docs/wire-format.md lists them; a fact that cannot be read is
 * null. Free with g_free().
 */
char *guest_facts_json(const Sysroot *root, CpuidFunc cpuid);

/* The same, not closed yet, for who knows more. */
JsonText guest_facts_begin(const Sysroot *root, CpuidFunc cpuid);

/* CPUs online, sorted as the kernel lists them; an error names the file. */
bool guest_cpus(const Sysroot *root, cpu_set_t *ret_cpus, GError **error);

/* Differs after each boot and each call, so a host notices that its guest or probe began anew. */
uint64_t guest_boot_id(const Sysroot *root);
