/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which CPU a machine has, as the first processor of /proc/cpuinfo tells it (x86). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/base/sysroot.h"

typedef struct {
    char *vendor;     /* "GenuineIntel", "AuthenticAMD" */
    char *model_name; /* "Intel(R) Xeon(R) Gold 6248 CPU @ 2.50GHz"; "" when not told */
    char *microcode;  /* "0x5003605"; "" when not told */
    char **flags;     /* "vmx", "constant_tsc", … */
    unsigned family;
    unsigned model;
    unsigned stepping;
    unsigned siblings; /* hardware threads of a package that are online; 0 when not told */
    unsigned cores;    /* cores of a package; 0 when not told */
} CpuInfo;

/* Error: the file is not there, or has no vendor, family and model. Free with cpuinfo_free(). */
CpuInfo *cpuinfo_read(const Sysroot *root, GError **error);
void cpuinfo_free(CpuInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CpuInfo, cpuinfo_free)

/* Pure part: the text of /proc/cpuinfo. */
CpuInfo *cpuinfo_parse(const char *text, GError **error);

bool cpuinfo_has_flag(const CpuInfo *info, const char *flag);
bool cpuinfo_is_intel(const CpuInfo *info);
bool cpuinfo_is_amd(const CpuInfo *info); /* Hygon's Zen too */
