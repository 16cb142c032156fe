/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of logical CPUs, written as the kernel writes lists: "0-3,8". */
#pragma once

#include <glib.h>
#include <sched.h>
#include <stdbool.h>

/* Strict: "0-3,8"; an empty list, a reversed range or a CPU over CPU_SETSIZE is an error. */
bool cpuset_parse(const char *list, cpu_set_t *ret_set, GError **error);

/* Free with g_free(); "" for the empty set. */
char *cpuset_format(const cpu_set_t *set);
