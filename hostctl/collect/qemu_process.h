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

#include "common/base/absent.h"
#include "common/base/sysroot.h"
#include "hostctl/collect/vcpu_thread.h"

typedef struct {
    char *guest; /* as in -name; host-side text, but print it through text_printable() */
    char *uuid;  /* as in -uuid; NULL when QEMU was started without */
    pid_t pid;
    uint64_t start_ticks;
    uint64_t n_threads;  /* when it was looked at */
    bool tcg;            /* its vCPUs are translated, not run by KVM */
    uint64_t memory_kib; /* as in -m: what the guest was given; ABSENT_U64 when not told */
    char *counter_page;  /* file of its emulated counters; NULL: none */
    GArray *vcpus;       /* QemuThread, by vCPU number; unplugged ones leave gaps */
    GArray *others;      /* QemuThread: all threads that run no guest code, vhost's included */
} QemuProcess;

void qemu_process_free(QemuProcess *process);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuProcess, qemu_process_free)

/* Is it one of those named, by name or UUID? NULL or no names: every one is. */
bool qemu_process_is_among(const QemuProcess *process, const char *const *names);

/*
 * All guests that run now, by name and then pid. A process that ends while it is looked at is
 * left out, as is one whose vCPU threads cannot be told apart (names off, or one thread for all
 * vCPUs). Error: /proc cannot be read. Free with g_ptr_array_unref(), which frees the processes.
 */
bool qemu_process_list(const Sysroot *root, GPtrArray **ret_processes, GError **error);

/*
 * The same, given what was found before: a process that has as many threads as then moves over from
 * `known` and costs one file. Processes whose pid is in `skip` (a set of GINT_TO_POINTER(pid)) are
 * not looked at; those that are no QEMU are added to `not_qemu`. Each may be NULL.
 */
bool qemu_process_list_again(const Sysroot *root, GPtrArray *known, GHashTable *skip,
                             GHashTable *not_qemu, GPtrArray **ret_processes, GError **error);

/*
 * The one guest of that name or UUID. Errors: no such guest (the names that are there are given),
 * more than one, or its vCPU threads cannot be told apart.
 */
bool qemu_process_find(const Sysroot *root, const char *guest, QemuProcess **ret_process,
                       GError **error);
