/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What two sets of host CPUs share: only who shares something can hurt the other. */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

#include "common/base/sysroot.h"

typedef enum {
    NEIGHBOUR_NONE,
    NEIGHBOUR_CACHE,   /* a last level cache */
    NEIGHBOUR_SIBLING, /* the other thread of a core */
    NEIGHBOUR_CPU,     /* a CPU */
} Neighbour;

/* "nothing", "a cache", "a core", "a CPU" */
const char *neighbour_name(Neighbour neighbour);

/* The closest thing that a CPU of one set and a CPU of the other share. */
Neighbour neighbour_between(const Sysroot *root, const cpu_set_t *a, const cpu_set_t *b);

/* Where a thread may run (Cpus_allowed_list). */
bool neighbour_allowed_cpus(const Sysroot *root, pid_t pid, pid_t tid, cpu_set_t *ret_cpus);
