/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a condition lets happen on the host during its visits, beside the guests: processes that
 * want the visit's CPUs, processes that fill memory's bandwidth from other cores, and timer
 * interrupts. It ends when this process ends, however it ends.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "hostctl/run/rig_step.h"

typedef struct Disturbance Disturbance;

/* Starts all that the step asks for, which may be nothing. */
Disturbance *disturbance_start(const RigStep *step, GError **error);
void disturbance_end(Disturbance *disturbance); /* waits until it is gone; accepts NULL */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Disturbance, disturbance_end)

/* Processes that want the visit's CPUs: pid_t. Owned by the object. */
const GArray *disturbance_hogs(const Disturbance *disturbance);
