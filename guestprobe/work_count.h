/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much work a load has done: one number that the agent and its load share. A load finds it by
 * a descriptor whose number its environment has; one that does not know of it tells nothing.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define WORK_COUNT_VARIABLE "INSIDEOUT_WORK_FD"

typedef struct {
    uint64_t *units; /* of the load that runs; WIRE_WORK_NOT_TOLD */
    int fd;
    char *variable; /* "INSIDEOUT_WORK_FD=7", for the load's environment */
} WorkCount;

/* The agent's side. False, with errno, when there is no memory or descriptor for it. */
bool work_count_make(WorkCount *ret_count);
void work_count_free(WorkCount *count);

/* A load begins that has told nothing yet. */
void work_count_reset(WorkCount *count);
uint64_t work_count_read(const WorkCount *count);

/* The load's side: the number that the agent reads, at 0; NULL when nobody does. */
uint64_t *work_count_found(void);
