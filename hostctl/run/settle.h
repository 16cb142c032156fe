/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting until a load is in its stride: the share of time waited no longer moves. */
#pragma once

#include <stdbool.h>

#include "hostctl/run/lab.h"
#include "hostctl/run/sampler.h"

/*
 * At least the plan's settle_seconds from the visit's load_raw_ns, then until the delay share of
 * two neighbouring seconds differs by less than 0.03, for at most as long again and 10 s. False on
 * a signal or when a guest ended.
 */
bool settle(Lab *lab, Fleet *fleet, Sampler *sampler, const VisitRow *visit, bool *ret_settled,
            GError **error);
