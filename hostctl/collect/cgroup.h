/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The control groups of a guest, of both cgroup versions: its CPU quota, how long it stood still
 * for it, and how long it stood still for its disks. libvirt gives each vCPU a group of its own
 * below the guest's; all of them count.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/absent.h"
#include "common/base/sysroot.h"

typedef struct {
    uint64_t quota_percent;  /* smallest in force, of one CPU; ABSENT_U64: none */
    uint64_t throttled_ns;   /* cumulative, summed over the groups; ABSENT_U64: not told */
    uint64_t io_some_us;     /* cumulative pressure of the whole guest; ABSENT_U64: version 1 */
    uint64_t memory_some_us; /* the same for memory */
} CgroupStats;

typedef struct Cgroup Cgroup;

/* Opens the groups' files, which stay open. Never fails: what is not there stays unknown. */
Cgroup *cgroup_open(const Sysroot *root, pid_t pid);
void cgroup_close(Cgroup *cgroup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Cgroup, cgroup_close)

/*
 * Never fails: what cannot be read is ABSENT_U64. No allocation. cgroup_read_all() reads every
 * file; cgroup_read() only what moves fast, I/O pressure and the groups that have a quota, and
 * gives the rest as it was at the last cgroup_read_all(), which cgroup_open() calls too.
 */
void cgroup_read_all(Cgroup *cgroup, CgroupStats *ret_stats);
void cgroup_read(Cgroup *cgroup, CgroupStats *ret_stats);

/*
 * Pure part: the folder of a controller ("cpu", or "" for version 2) out of /proc/PID/cgroup,
 * brought up to the guest's own ("…/libvirt/emulator" is below it). Free with g_free(); NULL when
 * it is not there.
 */
char *cgroup_guest_folder(const char *proc_cgroup, const char *controller);
