/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a fleet is, for the files that are the fleet. */
#pragma once

#include "hostctl/run/fleet.h"

struct Fleet {
    Lab *lab;
    GPtrArray *guests;              /* of FleetGuest */
    const PlanCondition *condition; /* whose loads are run */
    int64_t balloon_due_ns;         /* next look of balloon auto; 0: off */
};
