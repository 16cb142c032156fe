/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Balloons that follow the guests' free memory and the host's while a run goes on. */
#pragma once

#include "hostctl/run/fleet.h"

/* From now on, or no longer: the fleet's condition has balloon auto. */
void balloon_auto_switch(Fleet *fleet, bool on);

/*
 * Every ten seconds asks each guest whose driver reports for what the policy gives, and notes what
 * changed; at other times, and when it is off, returns at once. What was asked is in the
 * FleetGuests.
 */
bool balloon_auto_step(Lab *lab, Fleet *fleet, int64_t visit_id, GError **error);
