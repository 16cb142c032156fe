/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Ordinary processes of the host that use as much CPU time as they get: contention without another
 * guest. The kernel flushes branch predictors between guests, not between a guest and such a
 * process, so the same wait leaves another signature. Or, from other cores, contention for memory
 * alone.
 */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

typedef enum {
    HOG_BRANCHES,  /* nothing but branches that no predictor knows */
    HOG_BANDWIDTH, /* writes line after line of more memory than caches hold: HOG_MEMORY_KIB */
} HogKind;

#define HOG_MEMORY_KIB (128 * 1024)

typedef struct Hogs Hogs;

/* Starts `n` (0 is fine) on `cpus`. They end when this process ends, however it ends. */
Hogs *hogs_start(HogKind kind, unsigned n, const cpu_set_t *cpus, GError **error);
void hogs_stop(Hogs *hogs); /* waits until they are gone; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Hogs, hogs_stop)

/* Their processes: pid_t. Owned by the object. */
const GArray *hogs_pids(const Hogs *hogs);
