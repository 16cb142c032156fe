/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One vCPU of a fleet, with everything that is read of it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/collect/sched.h"
#include "hostctl/run/fleet.h"

typedef struct SampledVcpu SampledVcpu;

/*
 * Opens its schedstat, its counters as the rig says, and its VM exits where they are told. `lab`
 * and `guest` must outlive it. Errors name guest, vCPU and event.
 */
SampledVcpu *sampled_vcpu_open(Lab *lab, FleetGuest *guest, const QemuThread *thread,
                               GError **error);
void sampled_vcpu_free(SampledVcpu *vcpu);

const FleetGuest *sampled_vcpu_guest(const SampledVcpu *vcpu);

/*
 * Run time and wait so far. A vCPU that has ended is an error that names it when its guest has
 * ended too; else it was unplugged, and `ret_gone` is true from then on, with nothing read.
 */
bool sampled_vcpu_sched(SampledVcpu *vcpu, SchedReading *ret_reading, bool *ret_gone,
                        GError **error);

/* Its rows of one tick, in the open transaction; VM exits are those of the last exits_read(). Of
 * one that was unplugged a note, and nothing after it. */
bool sampled_vcpu_write(SampledVcpu *vcpu, int64_t visit_id, GError **error);
