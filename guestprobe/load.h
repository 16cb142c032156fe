/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command that makes the guest's load, with whatever it forks. The caller becomes a child
 * subreaper, so that nothing of it escapes, and must have no other children.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct Load Load;

Load *load_new(void);
void load_free(Load *load); /* ends what runs, as well as it can */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Load, load_free)

/* The units of work that it says it has done; WIRE_WORK_NOT_TOLD. A load is not obliged to know. */
uint64_t load_work(const Load *load);

/* True while the first process of the load runs. */
bool load_is_running(const Load *load);

/* Told of the load's first process before its exec(3); false: it shall not run. */
typedef bool (*LoadForked)(pid_t pid, void *data);

/*
 * Starts `argv` with `env` ("NAME=value") added to our environment, in its own session, silent.
 * Remains of a load that ended are killed first. Returns 0 and the process id, or the errno that
 * forbade it: EBUSY when one runs, ENOENT when there is no such program, ECANCELED when `forked`
 * (may be NULL) did not want it.
 */
int load_start(Load *load, const char *const *argv, const char *const *env, LoadForked forked,
               void *data, pid_t *ret_pid);

/*
 * Collects what has ended; call it after SIGCHLD. True when the first process of the load was
 * among them: *ret_status is as wait(2) gives it.
 */
bool load_reap(Load *load, int *ret_status);

/* Kills every process of the load and waits until none is left; an error names those that stay. */
bool load_stop(Load *load, int timeout_ms, GError **error);
