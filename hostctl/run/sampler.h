/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's view of a fleet, one tick at a time: for each vCPU its run time and wait, for those
 * with counters their counts in guest and in host mode, for the pool its CPU time, for everything
 * else that runs its CPU time. Descriptors are opened once; a tick allocates nothing.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hostctl/run/fleet.h"

typedef struct Sampler Sampler;

/* Opens everything for this fleet. Errors name guest, thread and event. */
Sampler *sampler_new(Lab *lab, Fleet *fleet, GError **error);
void sampler_free(Sampler *sampler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sampler, sampler_free)

/* Accounts for processes (pid_t) that make load beside the guests from now on. */
bool sampler_follow_hogs(Sampler *sampler, const GArray *pids, GError **error);

/* One tick into the dataset, one transaction. A guest that has ended is an error that names it. */
bool sampler_tick(Sampler *sampler, int64_t visit_id, GError **error);

/* The host's memory alone: files of /proc and /sys, quick enough for the edges of a window. */
bool sampler_host_memory(Sampler *sampler, int64_t visit_id, GError **error);

/* How many CPUs of the pool the last tick has seen: those that are online. */
unsigned sampler_cpus_online(const Sampler *sampler);

/* The memory of host and guests, and page sharing: slower, so at the edges of visits only. */
bool sampler_memory(Sampler *sampler, int64_t visit_id, GError **error);

/* Run time and wait of the loaded guests' vCPUs so far, summed; writes nothing. */
bool sampler_delay(Sampler *sampler, uint64_t *ret_run_ns, uint64_t *ret_delay_ns, GError **error);

/*
 * Looks for guests that are not of the fleet; each new one gets a note, and its CPU time counts
 * from now on (one that was started since the last look: from its start). Reads all of /proc, so
 * not inside a measuring window. `visit_id` 0: between visits.
 */
bool sampler_meet_guests(Sampler *sampler, int64_t visit_id, GError **error);

/* CPU time of guests that are not ours, cumulative. */
uint64_t sampler_foreign_ns(Sampler *sampler);
