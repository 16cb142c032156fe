/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An experiment as a person wrote it (docs/plan-format.md), checked but not yet fitted to a host.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/run/plan_condition.h"

#define PLAN_FORMAT 1

typedef enum { PLAN_ACCEL_AUTO, PLAN_ACCEL_KVM, PLAN_ACCEL_TCG } PlanAccelerator;

typedef enum {
    PLAN_COUNTERS_AUTO,
    PLAN_COUNTERS_HARDWARE,
    PLAN_COUNTERS_EMULATED,
    PLAN_COUNTERS_SOFTWARE,
} PlanCounters;

typedef enum { PLAN_ORDER_BALANCED, PLAN_ORDER_ASCENDING } PlanOrder;
typedef enum { PLAN_BETWEEN_RECREATE, PLAN_BETWEEN_KEEP } PlanBetween;
typedef enum { PLAN_LOAD_AT_START, PLAN_LOAD_AT_MEASURE } PlanLoadAt;
typedef enum { PLAN_SCOPE_CPU, PLAN_SCOPE_TASK } PlanScope;
/* What a share of vCPUs is taken of: logical CPUs, or physical cores. */
typedef enum { PLAN_OF_CPUS, PLAN_OF_CORES } PlanOf;

typedef struct {
    PlanAmount count; /* bulk only: vCPUs in percent of the pool, or guests */
    int count_of;     /* PlanOf; bulk only */
    int64_t vcpus;
    int64_t memory_mib;
    char **load;        /* argv; NULL: the plan's load */
    int load_at;        /* PlanLoadAt; micro only */
    int scope;          /* PlanScope: what the guest counts, its CPUs or its load; micro only */
    char *image;        /* a cloud image; NULL: the appliance */
    char *storage_pool; /* of libvirt, that has it as a volume; NULL: a file */
    char *kernel, *initrd, *cmdline; /* with an image: booted directly; NULL: from its disk */
    int64_t disk_mib;                /* a disk in which the load runs; 0: none */
} PlanGuests;

typedef struct {
    char *path;
    int64_t version;
    char *name;
    char *connect;
    int accelerator;    /* PlanAccelerator */
    int counters;       /* PlanCounters */
    char *pool;         /* auto, all, or a CPU list */
    char *housekeeping; /* none, auto, or a CPU list */
    int64_t seed;
    PlanGuests micro, bulk;
    char **load;     /* argv */
    char **load_env; /* NAME=value */
    int64_t llc_kib; /* of the emulated host */
    char **events;
    GPtrArray *conditions; /* of PlanCondition */
    GArray *steps_percent; /* of double */
    int steps_of;          /* PlanOf */
    int order;             /* PlanOrder */
    int64_t repeats;
    int64_t ksm_settle_scans;  /* whole scans of page sharing before a block's visits; 0: none */
    double ksm_settle_seconds; /* at most so long */
    int between;               /* PlanBetween */
    double settle_seconds, measure_seconds, tail_seconds;
    int64_t interval_ms;
    double drop_seconds; /* of a load's life that is not evidence; settling counts towards it */
    double boot_seconds; /* until all probes must talk; 0: by the number of guests */
    double memory_overcommit; /* guests' memory may be so many times the host's */
    bool vm_exits;            /* why vCPUs leave their guests is recorded */
    bool frame_visits;        /* a 0 % visit opens and closes each block */
    char *text;               /* the file, for the dataset */
} Plan;

/* Reads and checks a plan. Errors name the file and the JSON path, and what would be right. */
Plan *plan_load(const char *path, GError **error);

/* The same from a text; `name` stands for the file in messages. */
Plan *plan_parse(const char *name, const char *text, GError **error);

void plan_free(Plan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Plan, plan_free)

/*
 * The most that the micro guest and so many bulk guests may hold at once in any condition, KiB: up
 * to their balloons' targets where a condition has one. Huge pages are there as a whole.
 */
uint64_t plan_most_memory_kib(const Plan *plan, unsigned n_bulk);

/* The least balloon target in KiB that a guest of this plan survives: boot, load and 32 MiB. */
uint64_t plan_least_memory_kib(const Plan *plan);
