/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The host's counters of one vCPU, opened as a counter layout says: where its groups do not fit at
 * the same time they take turns of HOST_TURN_TICKS readings.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/pmu/budget.h"
#include "common/pmu/counter_source.h"

/* The first window of a turn has no beginning in the series, so a turn is worth one less. */
#define HOST_TURN_TICKS 4

typedef struct HostTurns HostTurns;

/* Opens all groups; those of the first phase count. Errors as of counters_open(). */
HostTurns *host_turns_new(const BudgetLayout *layout, const char *const *events,
                          const PmuTarget *target, GError **error);
void host_turns_free(HostTurns *turns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostTurns, host_turns_free)

/* Whether the layout counts this mode at all. */
bool host_turns_has(const HostTurns *turns, PmuMode mode);

/*
 * One tick: reads what counts, then passes the turn on when it is over. The readings, by PmuMode,
 * are cumulative and in the order of the events. An event that counted neither up to this tick nor
 * will from it on is COUNTER_NOT_COUNTED, so a difference over a window exists where the event
 * counted in all of it; the very first reading has all. Times are those of the groups that count;
 * of several the least running time.
 */
bool host_turns_tick(HostTurns *turns, CounterReading *ret_by_mode, GError **error);

/* Events that do not count, with the reasons; "" when all do. */
const char *host_turns_problem(const HostTurns *turns);
