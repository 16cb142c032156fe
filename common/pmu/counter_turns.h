/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counters of one target, opened as a counter layout says: where its groups do not fit at the same
 * time they take turns. The host counts a vCPU thread by it, a guest that is asked to make room its
 * own CPUs. All groups are opened at once and switched on and off: a turn opens and allocates
 * nothing.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "common/pmu/budget.h"
#include "common/pmu/counter_source.h"

#define COUNTER_TURNS_MODES (PMU_MODE_HOST + 1)

typedef struct CounterTurns CounterTurns;

/*
 * Opens the groups of all phases; those of the first count. A phase without groups is one in which
 * nothing counts here. `source` is HARDWARE, or SOFTWARE. Errors as of counters_open().
 */
CounterTurns *counter_turns_new(const BudgetLayout *layout, CounterSource source,
                                const char *const *events, const PmuTarget *target, GError **error);
void counter_turns_free(CounterTurns *turns);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CounterTurns, counter_turns_free)

/* Whether the layout counts this mode at all. */
bool counter_turns_has(const CounterTurns *turns, PmuMode mode);

/* The first group of the first phase; NULL: it has none. Owned by `turns`. */
Counters *counter_turns_first(const CounterTurns *turns);

/* The first phase's turn begins anew with the next tick, which is the first reading again. */
bool counter_turns_restart(CounterTurns *turns, GError **error);

/*
 * One tick, at the end of the `windows`-th window since the turns began (0: at their beginning):
 * reads what counts, then passes the turn on when it is over. The readings, by PmuMode,
 * are cumulative and in the order of the events. An event that counted neither up to this tick nor
 * will from it on is COUNTER_NOT_COUNTED, so a difference over a window exists where the event
 * counted in all of it; the very first reading has all. Times are those of the groups that count;
 * of several the least running time.
 */
bool counter_turns_tick(CounterTurns *turns, uint64_t windows,
                        CounterReading ret_by_mode[COUNTER_TURNS_MODES], GError **error);

/* The phase of the window that ended with the last tick, from 1; 0: it ended none, or all counts
 * all the time. */
unsigned counter_turns_phase(const CounterTurns *turns);

/* Events that do not count, with the reasons; "" when all do. */
const char *counter_turns_problem(const CounterTurns *turns);
