/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Running QEMU processes as /proc shows them, without opening libvirt: works for every URI at
 * once and while another process has the embed root. Ours are known by their probe channel.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

typedef struct {
    pid_t pid;
    uint64_t starttime; /* field 22 of /proc/PID/stat */
    char *name;         /* -name guest=NAME */
    char *uuid;         /* -uuid; NULL when not given */
    bool ours;          /* it has a channel of ours; a hint, the metadata decides before a change */
} QemuProcess;

void qemu_process_free(QemuProcess *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuProcess, qemu_process_free)

/* All of them (QemuProcess), by name. Processes that end meanwhile are left out. */
bool qemu_process_list(const Sysroot *root, GPtrArray **ret_processes, GError **error);

typedef struct {
    unsigned vcpu;
    pid_t tid;
    uint64_t starttime; /* a tid alone may be another thread's by now */
} VcpuThread;

/* The vCPU threads ("CPU 0/KVM", "CPU 0/TCG") by vCPU number. Free with g_free(). */
bool qemu_process_vcpus(const Sysroot *root, pid_t pid, VcpuThread **ret_threads, size_t *ret_n,
                        GError **error);
