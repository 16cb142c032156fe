/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CPU time of what is not a vCPU of ours: everything that takes the pool from the guests that an
 * experiment compares. Cumulative, and it never drops when a thread or a guest ends.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "hostctl/collect/qemu_process.h"

typedef enum {
    TASK_KSMD,       /* "ksmd" */
    TASK_SELF,       /* "hostctl": this process, all its threads */
    TASK_QEMU_OTHER, /* "qemu-other": our guests' processes less their vCPU threads */
    TASK_VHOST, /* "vhost": kernel threads of our guests (before Linux 6.4; later in qemu-other) */
    TASK_FOREIGN, /* "foreign": guests that are not ours, whole */
    TASK_HOG,     /* "host-hog": processes that make load on purpose */
    TASK_KINDS,
} TaskKind;

/* The name of a kind in the dataset's task_sample. */
const char *task_kind_name(TaskKind kind);

typedef struct TaskTimes TaskTimes;

/* Follows ksmd (where there is one) and this process. `root` must outlive the object. */
TaskTimes *task_times_new(const Sysroot *root);
void task_times_free(TaskTimes *times);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TaskTimes, task_times_free)

/*
 * Follows one guest from now on; a second call for the same process changes nothing. Call it when
 * a guest of ours was made, and for foreign guests after each qemu_process_list(). The time a
 * foreign guest used before task_times_new() does not count; one that was started later counts
 * whole.
 */
bool task_times_follow(TaskTimes *times, const QemuProcess *process, bool ours, GError **error);

/* Follows a process that makes load on purpose; it may end whenever it likes. */
bool task_times_follow_hog(TaskTimes *times, pid_t pid, GError **error);

/*
 * Reads all: run_ns[TASK_KINDS]. Process times come in steps of up to 20 ms (USER_HZ), ksmd's and
 * vhost's in ns. A process that has ended keeps what it last had.
 */
void task_times_read(TaskTimes *times, uint64_t ret_run_ns[TASK_KINDS]);
