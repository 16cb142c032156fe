/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/pmu/counter_turns.h"

#define MODES COUNTER_TURNS_MODES

typedef struct {
    unsigned phase;
    PmuMode mode;
    unsigned event[EVENT_MAX]; /* by the group's own order: which of the caller's */
    Counters *counters;
    CounterReading last;
} TurnGroup;

struct CounterTurns {
    CounterSource source;
    unsigned n_events, n_phases;
    unsigned turn_windows;
    unsigned phase; /* whose turn it is */
    unsigned ended; /* phase of the window that ended last, from 1; 0: none */
    bool began;
    GArray *groups;              /* of TurnGroup */
    uint32_t counts[MODES];      /* events that some group counts */
    CounterReading total[MODES]; /* over all turns */
    char *problem;
};

static void
clear_group(void *data)
{
    g_clear_pointer(&((TurnGroup *) data)->counters, counters_close);
}

static TurnGroup *
group_at(const CounterTurns *turns, guint i)
{
    return &g_array_index(turns->groups, TurnGroup, i);
}

static void
note_problem(CounterTurns *turns, const Counters *counters)
{
    if (*counters_problem(counters) && !*turns->problem) {
        g_free(turns->problem);
        turns->problem = g_strdup(counters_problem(counters));
    }
}

static bool
open_group(CounterTurns *turns, unsigned phase, const BudgetGroup *group, const char *const *events,
           const PmuTarget *target, GError **error)
{
    const CounterTarget counted = { .pmu = *target, .mode = group->mode };
    const char *names[EVENT_MAX + 1] = { NULL };
    TurnGroup opened = { .phase = phase, .mode = group->mode };
    unsigned n = 0;

    for (unsigned i = 0; i < turns->n_events; i++) {
        if (!(group->events & 1u << i))
            continue;
        opened.event[n] = i;
        names[n++] = events[i];
    }
    opened.counters = counters_open(turns->source, &counted, names, error);
    if (!opened.counters)
        return false;
    g_array_append_val(turns->groups, opened);
    for (unsigned i = 0; i < n; i++)
        if (counters_event_errno(opened.counters, i) == 0)
            turns->counts[group->mode] |= 1u << opened.event[i];
    note_problem(turns, opened.counters);
    return phase == 0 || counters_switch(opened.counters, false, error);
}

CounterTurns *
counter_turns_new(const BudgetLayout *layout, CounterSource source, const char *const *events,
                  const PmuTarget *target, GError **error)
{
    g_autoptr(CounterTurns) turns = g_new0(CounterTurns, 1);

    turns->groups = g_array_new(FALSE, TRUE, sizeof(TurnGroup));
    g_array_set_clear_func(turns->groups, clear_group);
    turns->problem = g_strdup("");
    turns->source = source;
    turns->n_phases = layout->n_phases;
    turns->turn_windows = MAX(layout->turn_windows, 1);
    turns->n_events = g_strv_length((char **) events);
    for (unsigned phase = 0; phase < layout->n_phases; phase++)
        for (unsigned g = 0; g < layout->phases[phase].n_groups; g++)
            if (!open_group(turns, phase, &layout->phases[phase].groups[g], events, target, error))
                return NULL;
    for (int mode = 0; mode < MODES; mode++)
        turns->total[mode].n_values = turns->n_events;
    return g_steal_pointer(&turns);
}

void
counter_turns_free(CounterTurns *turns)
{
    if (!turns)
        return;

    g_array_unref(turns->groups);
    g_free(turns->problem);
    g_free(turns);
}

bool
counter_turns_has(const CounterTurns *turns, PmuMode mode)
{
    return turns->counts[mode] != 0;
}

Counters *
counter_turns_first(const CounterTurns *turns)
{
    return turns->groups->len > 0 && group_at(turns, 0)->phase == 0 ? group_at(turns, 0)->counters
                                                                    : NULL;
}

const char *
counter_turns_problem(const CounterTurns *turns)
{
    return turns->problem;
}

/* The bits of the events of one mode that groups of the present phase count. */
static uint32_t
counting(const CounterTurns *turns, PmuMode mode)
{
    uint32_t bits = 0;

    for (guint i = 0; i < turns->groups->len; i++) {
        const TurnGroup *group = group_at(turns, i);

        if (group->phase != turns->phase || group->mode != mode)
            continue;
        for (unsigned k = 0; k < counters_n_events(group->counters); k++)
            bits |= 1u << group->event[k];
    }
    return bits & turns->counts[mode];
}

/* An event that two groups of a phase count (cycles, beside each other event) is taken from one. */
static void
add_growth(TurnGroup *group, const CounterReading *now, CounterReading *total, uint32_t *taken)
{
    for (unsigned k = 0; k < now->n_values; k++) {
        uint32_t bit = 1u << group->event[k];

        if (*taken & bit || now->values[k] == COUNTER_NOT_COUNTED)
            continue;
        *taken |= bit;
        total->values[group->event[k]] += now->values[k] - group->last.values[k];
    }
}

typedef struct {
    bool any;
    uint64_t enabled_ns, running_ns;
} Times;

static void
worst_times(Times *times, const CounterReading *now, const CounterReading *last)
{
    uint64_t enabled_ns = now->enabled_ns - last->enabled_ns;
    uint64_t running_ns = now->running_ns - last->running_ns;

    times->enabled_ns = MAX(times->enabled_ns, enabled_ns);
    times->running_ns = times->any ? MIN(times->running_ns, running_ns) : running_ns;
    times->any = true;
}

static bool
read_phase(CounterTurns *turns, GError **error)
{
    uint32_t taken[MODES] = { 0 };
    Times times[MODES] = { 0 };

    for (guint i = 0; i < turns->groups->len; i++) {
        TurnGroup *group = group_at(turns, i);
        CounterReading now;

        if (group->phase != turns->phase)
            continue;
        if (!counters_read(group->counters, &now, error))
            return false;
        if (turns->began) {
            add_growth(group, &now, &turns->total[group->mode], &taken[group->mode]);
            worst_times(&times[group->mode], &now, &group->last);
        }
        group->last = now;
    }
    for (int mode = 0; mode < MODES; mode++) {
        turns->total[mode].enabled_ns += times[mode].enabled_ns;
        turns->total[mode].running_ns += times[mode].running_ns;
    }
    return true;
}

static bool
switch_phase(CounterTurns *turns, bool on, GError **error)
{
    for (guint i = 0; i < turns->groups->len; i++) {
        TurnGroup *group = group_at(turns, i);

        if (group->phase != turns->phase)
            continue;
        if (!counters_switch(group->counters, on, error) ||
            (on && !counters_read(group->counters, &group->last, error)))
            return false;
    }
    return true;
}

static bool
pass_turn(CounterTurns *turns, uint64_t windows, GError **error)
{
    unsigned phase =
        turns->n_phases < 2 ? 0 : (unsigned) (windows / turns->turn_windows % turns->n_phases);

    if (phase == turns->phase)
        return true;
    if (!switch_phase(turns, false, error))
        return false;
    turns->phase = phase;
    return switch_phase(turns, true, error);
}

bool
counter_turns_restart(CounterTurns *turns, GError **error)
{
    turns->began = false;
    turns->ended = 0;
    return pass_turn(turns, 0, error);
}

unsigned
counter_turns_phase(const CounterTurns *turns)
{
    return turns->ended;
}

bool
counter_turns_tick(CounterTurns *turns, uint64_t windows,
                   CounterReading ret_by_mode[COUNTER_TURNS_MODES], GError **error)
{
    uint32_t said[MODES];

    if (!read_phase(turns, error))
        return false;
    turns->ended = turns->began && turns->n_phases > 1 ? turns->phase + 1 : 0;
    for (int mode = 0; mode < MODES; mode++)
        said[mode] = turns->began ? counting(turns, (PmuMode) mode) : turns->counts[mode];
    turns->began = true;
    if (!pass_turn(turns, windows, error))
        return false;

    for (int mode = 0; mode < MODES; mode++) {
        said[mode] |= counting(turns, (PmuMode) mode);
        ret_by_mode[mode] = turns->total[mode];
        for (unsigned i = 0; i < turns->n_events; i++)
            if (!(said[mode] & 1u << i))
                ret_by_mode[mode].values[i] = COUNTER_NOT_COUNTED;
    }
    return true;
}
