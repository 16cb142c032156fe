/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a plan, or the default question, asks of a host. */
#pragma once

#include "hostctl/doctor/doctor.h"
#include "hostctl/run/plan.h"

/*
 * The plan's highest step on this host. Unlike the run's own preparation it refuses nothing: what
 * does not fit is for the checks to say. Borrows from `plan`. Error: a pool that is no CPU list.
 */
bool plan_need(const Plan *plan, const Sysroot *root, DoctorPlan *ret_need, GError **error);
