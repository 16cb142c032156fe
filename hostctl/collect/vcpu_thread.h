/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread of a QEMU process, told apart by the name that QEMU gives it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

#define THREAD_NAME_SIZE 16 /* the kernel's TASK_COMM_LEN, the final 0 included */

typedef enum {
    QEMU_THREAD_VCPU,     /* "CPU n/KVM", "CPU n/TCG" */
    QEMU_THREAD_EMULATOR, /* the main loop and its helpers */
    QEMU_THREAD_IOTHREAD, /* "IO name" */
    QEMU_THREAD_VHOST,    /* "vhost-PID", a thread of QEMU (Linux 6.4 and later) or the kernel's */
} QemuThreadKind;

typedef struct {
    QemuThreadKind kind;
    unsigned vcpu; /* of a vCPU thread */
    pid_t pid;     /* the process it belongs to; a kernel vhost thread is its own */
    pid_t tid;
    uint64_t start_ticks; /* field 22 of its stat: with the tid it names the thread for good */
    char name[THREAD_NAME_SIZE];
} QemuThread;

typedef struct {
    uint64_t n_threads;   /* of its process (field 20) */
    uint64_t start_ticks; /* when it was started, in clock ticks since boot (field 22) */
    int cpu;              /* on which it is or last was (field 39); -1: not told */
} ThreadStat;

/* What the stat of a thread says. */
bool thread_stat_read(const Sysroot *root, pid_t pid, pid_t tid, ThreadStat *ret_stat,
                      GError **error);
bool thread_start_ticks(const Sysroot *root, pid_t pid, pid_t tid, uint64_t *ret_ticks,
                        GError **error);

/* Pure part: the number in "CPU 12/KVM"; false for any other name. */
bool vcpu_thread_parse_name(const char *name, unsigned *ret_vcpu, bool *ret_tcg);
