/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The QEMU processes of a host and their vCPU threads, as /proc shows them: no libvirt, no QEMU
 * monitor, nothing asked of the guest. Works for every QEMU that was started with
 * `-name [guest=]NAME` and names its threads, which libvirt always asks for.
 */
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
    char *guest; /* as in -name; host-side text, but print it through text_printable() */
    char *uuid;  /* as in -uuid; NULL when QEMU was started without */
    pid_t pid;
    uint64_t start_ticks;
    bool tcg;       /* its vCPUs are translated, not run by KVM */
    GArray *vcpus;  /* QemuThread, by vCPU number, without gaps */
    GArray *others; /* QemuThread: all threads that run no guest code, vhost's included */
} QemuProcess;

void qemu_process_free(QemuProcess *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuProcess, qemu_process_free)

/*
 * All guests that run now, by name and then pid. A process that ends while it is looked at is
 * left out, as is one whose vCPU threads cannot be told apart (names off, or one thread for all
 * vCPUs). Error: /proc cannot be read. Free with g_ptr_array_unref(), which frees the processes.
 */
bool qemu_process_list(const Sysroot *root, GPtrArray **ret_processes, GError **error);

/*
 * The one guest of that name or UUID. Errors: no such guest (the names that are there are given),
 * more than one, or its vCPU threads cannot be told apart.
 */
bool qemu_process_find(const Sysroot *root, const char *guest, QemuProcess **ret_process,
                       GError **error);

/* Text of /proc/PID/task/TID/stat -> start time in clock ticks since boot (field 22). */
bool thread_start_ticks(const Sysroot *root, pid_t pid, pid_t tid, uint64_t *ret_ticks,
                        GError **error);

/* Pure parts, for tests: the number in "CPU 12/KVM"; false for any other name. */
bool vcpu_thread_parse_name(const char *name, unsigned *ret_vcpu, bool *ret_tcg);
/* The guest's name out of the argument of -name ("guest=a,,b,debug-threads=on" is "a,b"). */
char *qemu_name_parse(const char *argument);
