/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One setting of the factors, as a plan has it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/json/document.h"

typedef enum { PLAN_KSM_LEAVE, PLAN_KSM_OFF, PLAN_KSM_ON, PLAN_KSM_VALUES } PlanKsm;
typedef enum {
    PLAN_BALLOON_FULL,
    PLAN_BALLOON_NONE,
    PLAN_BALLOON_PERCENT,
    PLAN_BALLOON_SIZE
} PlanBalloon;

/* Where vCPUs run, and what a load level is made of. */
typedef enum {
    PLAN_SHARED, /* any vCPU on any CPU of the pool; a step is so many bulk guests */
    PLAN_PINNED, /* the same guests, each vCPU on one CPU, in turn */
    PLAN_SHRINK, /* always all bulk guests; a step is so few CPUs */
} PlanPlacement;

typedef struct {
    char *name;
    char *text;        /* the whole condition, JSON */
    int ksm;           /* PlanKsm */
    char **ksm_values; /* "pages_to_scan=1000", for PLAN_KSM_VALUES */
    int balloon;       /* PlanBalloon */
    double balloon_percent;
    uint64_t balloon_kib;
    int placement;                 /* PlanPlacement */
    char *ksm_text, *balloon_text; /* as written */
} PlanCondition;

/* Reads an array of objects into a GPtrArray ** of PlanCondition: a reader of a JsonField. */
bool plan_read_conditions(const JsonPlace *place, const JsonField *field, void *target,
                          GError **error);
void plan_condition_free(void *condition);

/* "shared", "pinned", "shrink": as the plan and the dataset have it. */
const char *plan_placement_name(PlanPlacement placement);
