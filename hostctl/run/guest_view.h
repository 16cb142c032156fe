/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The micro guest's own counting of one visit: asked for before, fetched after, silent between. */
#pragma once

#include "hostctl/run/fleet.h"
#include "hostctl/run/lab.h"

/* Tells the probe to sample for the plan's measuring time from now on. */
bool guest_view_start(Lab *lab, FleetGuest *micro, int64_t visit_id, GError **error);

/*
 * Takes the samples when the time is over and writes them; ticks that the probe lost are a note.
 * More samples than were asked for, of another visit or vCPU, are not taken.
 */
bool guest_view_fetch(Lab *lab, FleetGuest *micro, int64_t visit_id, GError **error);

/* How much work its load has done so far; units are WIRE_WORK_NOT_TOLD where the load does not
 * know. */
bool guest_view_work(Lab *lab, FleetGuest *micro, WorkMessage *ret_work, GError **error);

/* One burst of clock echoes into the dataset. */
bool guest_view_echo(Lab *lab, FleetGuest *micro, int64_t visit_id, GError **error);
