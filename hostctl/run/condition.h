/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One setting of the factors, brought about on the host (page sharing) and in a fleet (balloon). */
#pragma once

#include "hostctl/knob/ksm_knob.h"
#include "hostctl/run/fleet.h"
#include "hostctl/run/host_settings.h"
#include "hostctl/run/lab.h"
#include "hostctl/run/plan.h"

/* True when a condition of the plan writes to /sys/kernel/mm/ksm. */
bool condition_any_changes_ksm(const Plan *plan);

/* Before the guests are made. `knob` may be NULL when no condition of the plan changes KSM. */
bool condition_apply_host(const PlanCondition *condition, KsmKnob *knob, Lab *lab, GError **error);

/* Watchdog, governor and the like, recorded in notes. Before the guests are made. */
bool condition_apply_settings(const PlanCondition *condition, HostSettings *settings, Lab *lab,
                              GError **error);

/*
 * Waits until page sharing, where the condition switched it on and it is, has found what there is;
 * a note says after how many scans, or that the plan's time for it was over.
 */
bool condition_settle_ksm(const PlanCondition *condition, Lab *lab, GError **error);

/* At most so long; 0 where the condition leaves or puts page sharing off. */
int64_t condition_longest_settle_ns(const PlanCondition *condition, const Plan *plan);

/*
 * Asks all guests for the target together and waits for each: reached, stalled or late, all three
 * recorded; one that stops short is a note in the dataset, not an error. Switches the policy of
 * balloon auto on or off.
 */
bool condition_apply_balloon(const PlanCondition *condition, Fleet *fleet, Lab *lab,
                             GError **error);
