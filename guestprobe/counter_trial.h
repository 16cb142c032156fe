/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which counters really count here: each is opened, a known loop runs, and what was counted is held
 * against the least that the loop must have done. A hypervisor may offer a counter that stands
 * still, or one that it counts only now and then.
 */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "common/base/sysroot.h"
#include "common/pmu/counter_source.h"

typedef enum {
    TRIAL_COUNTS,
    TRIAL_TOO_FEW,     /* less than the loop did */
    TRIAL_ZERO,        /* supported, opened, and stood still */
    TRIAL_MULTIPLEXED, /* part of the time only: somebody else has the counter too */
    TRIAL_STARVED,     /* never switched on */
    TRIAL_UNSUPPORTED, /* there is no such counter */
    TRIAL_REFUSED,     /* not for this user, or somebody holds the PMU */
} TrialState;
/* "counts", "too-few", "zero-but-supported", "multiplexed", "starved", "not-supported",
 * "refused". */
const char *trial_state_name(TrialState state);

#define COUNTER_TRIALS 5
extern const char *const counter_trial_events[COUNTER_TRIALS + 1]; /* NULL-terminated */

/* Works, and tells the least that each event must have counted; 1: cannot be told, but not 0. */
typedef void (*TrialWork)(void *data, uint64_t ret_least[COUNTER_TRIALS]);

typedef struct {
    CounterSource source;
    TrialState alone[COUNTER_TRIALS];
    TrialState together; /* all as one group: the worst of them */
} CounterTrials;

/* About `target`, which `work` moves. */
CounterTrials counter_trials_run(CounterSource source, const CounterTarget *target, TrialWork work,
                                 void *data);

/* Of the thread that calls; of the emulated page where there is no PMU, on the CPU that it is bound
 * to meanwhile. Takes well under a second on a CPU. */
CounterTrials counter_trials_here(const Sysroot *root);

/* A JSON object: "source", each event with its state, "together". Free with g_free(). */
char *counter_trials_json(const CounterTrials *trials);
