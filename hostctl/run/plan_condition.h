/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One setting of the factors, as a plan has it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/json/document.h"

/* An amount given as a share or outright: "200%" or 80. */
typedef struct {
    double percent; /* of what the key says; NAN when `value` was given */
    int64_t value;
} PlanAmount;

typedef enum {
    PLAN_KSM_LEAVE,
    PLAN_KSM_OFF,
    PLAN_KSM_ON,
    PLAN_KSM_KSMTUNED,
    PLAN_KSM_VALUES,
} PlanKsm;
typedef enum {
    PLAN_BALLOON_FULL,
    PLAN_BALLOON_NONE,
    PLAN_BALLOON_PERCENT,
    PLAN_BALLOON_SIZE,
    PLAN_BALLOON_AUTO, /* follows free memory: balloon_policy.h */
} PlanBalloon;

/* Where vCPUs run, and what a load level is made of. */
typedef enum {
    PLAN_SHARED, /* any vCPU on any CPU of the pool; a step is so many bulk guests */
    PLAN_PINNED, /* the same guests, each vCPU on one CPU, in turn */
    PLAN_SHRINK, /* always all bulk guests; a step is so few CPUs */
} PlanPlacement;

/* What a role's guests run meanwhile: the plan's load, or a kind of guestprobe's own work. */
typedef enum {
    PLAN_LOAD_OWN,
    PLAN_LOAD_CPU,
    PLAN_LOAD_MEMORY,
    PLAN_LOAD_DISK,
    PLAN_LOAD_NETWORK,
} PlanLoadKind;

/* One number for each role; 0: the default. */
typedef struct {
    int64_t micro, bulk;
} PlanByRole;

/* Settings of the host; -1 and NULL: left as they are. */
typedef struct {
    int nmi_watchdog, turbo; /* 1, 0 */
    int64_t halt_poll_ns;
    int64_t frequency_percent; /* highest clock, of the highest there is; 0: as it is */
    char *governor, *thp;
} PlanHost;

/* A condition whose name begins so is scored as a control, and is no level of the experiment. */
#define PLAN_CONTROL_PREFIX "control-"

typedef struct {
    char *name;
    char *text;        /* the whole condition, JSON */
    int ksm;           /* PlanKsm */
    char **ksm_values; /* "pages_to_scan=1000", for PLAN_KSM_VALUES */
    int balloon;       /* PlanBalloon */
    double balloon_percent;
    uint64_t balloon_kib;
    PlanByRole cpu_shares;
    PlanByRole cpu_quota_percent; /* of one CPU, for each vCPU */
    bool hugepages, nosharepages;
    char **micro_load;             /* argv; NULL: the plan's; empty: the micro guest idles */
    PlanAmount host_hogs;          /* percent of the pool's CPUs, or processes */
    PlanAmount bandwidth_hogs;     /* the same, on other cores */
    int64_t interrupts_per_second; /* of a timer, on each CPU */
    PlanHost host;
    int placement;                 /* PlanPlacement */
    int victim_load, culprit_load; /* PlanLoadKind: of the micro guest, of the bulk guests */
    char *ksm_text, *balloon_text; /* as written */
} PlanCondition;

/* Reads an array of objects into a GPtrArray ** of PlanCondition: a reader of a JsonField. */
bool plan_read_conditions(const JsonPlace *place, const JsonField *field, void *target,
                          GError **error);
void plan_condition_free(void *condition);

/* "200%" or 80 into a PlanAmount: a reader of a JsonField, whose `low` and `high` are for the
 * number. */
bool plan_read_amount(const JsonPlace *place, const JsonField *field, void *target, GError **error);

/* What a guest of so much memory is asked down to, KiB; 0: its balloon is left alone. */
uint64_t plan_condition_target_kib(const PlanCondition *condition, uint64_t memory_kib);

/* True when guests made for one condition serve the other as they are. */
bool plan_condition_same_guests(const PlanCondition *a, const PlanCondition *b);

/* "cpu", …; NULL: its own. */
const char *plan_load_kind_name(PlanLoadKind kind);

/* "shared", "pinned", "shrink": as the plan and the dataset have it. */
const char *plan_placement_name(PlanPlacement placement);
