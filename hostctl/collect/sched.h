/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long one thread ran and waited for a CPU, from /proc/PID/task/TID/schedstat. The descriptor
 * stays open and dies with its thread, so a reused thread id can never be read by mistake.
 *
 * The kernel credits a wait when it ends: a thread still queued at the time of reading has its
 * wait in a later reading. CPU quota throttling of a runnable thread counts as waiting as well.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "hostctl/collect/vcpu_thread.h"

typedef struct {
    uint64_t run_ns;   /* on a CPU, guest and host mode */
    uint64_t delay_ns; /* runnable and not running: what a KVM guest sees as steal */
    uint64_t slices;   /* times it was put on a CPU */
} SchedReading;

typedef enum {
    SCHED_READ,
    SCHED_GONE,   /* the thread has ended: close it, and look for the guest again */
    SCHED_BROKEN, /* the file does not say three numbers */
} SchedStatus;

typedef struct {
    int fd; /* -1: closed */
} SchedFile;

#define SCHED_FILE_CLOSED ((SchedFile){ .fd = -1 })

/*
 * Opens the thread's file and makes sure that it is still the thread that was found. One
 * descriptor per thread: raise RLIMIT_NOFILE for many guests (sched_raise_limit()).
 */
bool sched_open(const Sysroot *root, const QemuThread *thread, SchedFile *ret_file, GError **error);
void sched_close(SchedFile *file);

/* One pread(2), no allocation. `ret_reading` is untouched unless SCHED_READ is returned. */
SchedStatus sched_read(const SchedFile *file, SchedReading *ret_reading);

/*
 * False when the kernel keeps no such account (CONFIG_SCHED_INFO off): a thread that has run for
 * certain, the caller itself, then still reads "0 0 0". Always true for a fixture tree.
 */
bool sched_accounting_is_on(const Sysroot *root);

/* Makes room for `descriptors` open files, up to the hard limit. Error: names limit and need. */
bool sched_raise_limit(unsigned descriptors, GError **error);

/* Pure part: "12345 67 8". */
bool sched_parse(const char *text, SchedReading *ret_reading);
