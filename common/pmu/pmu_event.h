/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One event by name, made into what perf_event_open(2) takes, with its guest/host bits said. */
#pragma once

#include <glib.h>
#include <linux/perf_event.h>
#include <stdbool.h>

#include "common/base/event.h"

#define PMU_EVENT_NAME_MAX 48 /* bytes of a name, the final 0 included */

/* Whose execution counts. Software events have no such bits: they count and print without. */
typedef enum {
    PMU_MODE_SELF,  /* everything this kernel runs: for use inside a guest */
    PMU_MODE_GUEST, /* only what runs in a guest: "cycles:G" */
    PMU_MODE_HOST,  /* all but that: "cycles:H" */
} PmuMode;

typedef struct {
    char name[PMU_EVENT_NAME_MAX];          /* as it was asked for: "cycles" */
    char printable[PMU_EVENT_NAME_MAX + 4]; /* with the mode's modifier: "cycles:G" */
    const Event *known;                     /* in event_list; NULL: a raw or libpfm4 event */
    struct perf_event_attr attr;
} PmuEvent;

/*
 * `name` is a name of event_list ("cycles", "task-clock"), one of perf's older names for the same
 * ("cpu-cycles", "branch-instructions", "cs", "faults"), a raw event ("r00c5"), or a name of
 * libpfm4 ("BR_MISP_RETIRED:ALL_BRANCHES"). ":u", ":k" or ":uk" behind it restrict the level; ":G"
 * and ":H" may say the mode again, but not contradict it.
 * Errors name the event: unknown (FAILURE_USAGE), too long, a contradicting modifier.
 * The first libpfm4 name starts that library: call from one thread.
 */
bool pmu_event_encode(const char *name, PmuMode mode, PmuEvent *ret_event, GError **error);

/* True for an event that the kernel keeps itself and that needs no PMU. */
bool pmu_event_is_software(const PmuEvent *event);
