/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Loads that know how much they did: the same unit of work again and again, of one kind each. A
 * guest's slow-down is its units a second alone over those beside its neighbours.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define WORK_CPU_ROUNDS 100000          /* of a unit of cpu: branches that go by a random bit */
#define WORK_MEMORY_BYTES (1u << 20)    /* that a unit of memory copies */
#define WORK_MEMORY_BUFFER (32u << 20)  /* that it walks over */
#define WORK_DISK_BYTES (64u << 10)     /* that a unit of disk writes and has on the disk */
#define WORK_DISK_FILE_BYTES (8u << 20) /* of the file in which it goes round */
#define WORK_NETWORK_BYTES (16u << 10)  /* that a unit of network sends, and gets back */

typedef struct Work Work;

/* "cpu", "memory", "disk" (a file in the working folder), "network" (TCP over the loopback, whose
 * other end is a child). Error: not one of them, or what it needs is not there. */
Work *work_new(const char *kind, GError **error);
void work_free(Work *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Work, work_free)

/* One unit. */
bool work_do(Work *work, GError **error);

/* "cpu, memory, disk, network" */
const char *work_kinds(void);
