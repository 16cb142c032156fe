/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "guestprobe/counter_set.h"

#include "common/base/failure.h"

struct CounterSet {
    EmulatedPage *page; /* NULL: none */
    unsigned size;
    struct {
        int cpu;
        Counters *counters;
        CounterTurns *turns; /* owns `counters` then; NULL: all count all the time */
    } members[];
};

static CounterSet *
new_set(unsigned capacity)
{
    return g_malloc0(sizeof(CounterSet) + capacity * sizeof((CounterSet *) NULL)->members[0]);
}

/* For AUTO a guest without a page is no error. */
static bool
open_page(CounterSet *set, CounterSource source, const Sysroot *root, GError **error)
{
    g_autoptr(GError) none = NULL;

    if (source != COUNTER_SOURCE_AUTO && source != COUNTER_SOURCE_EMULATED)
        return true;
    set->page = emulated_open_guest(root, &none);
    if (set->page || source == COUNTER_SOURCE_AUTO)
        return true;
    g_propagate_error(error, g_steal_pointer(&none));
    return false;
}

static bool
add_member(CounterSet *set, CounterSource source, int cpu, const CounterTarget *target,
           const char *const *events, GError **error)
{
    Counters *counters = counters_open(source, target, events, error);

    if (!counters)
        return false;
    set->members[set->size].cpu = cpu;
    set->members[set->size].counters = counters;
    set->size++;
    return true;
}

CounterSet *
counter_set_open(CounterSource source, const Sysroot *root, const cpu_set_t *cpus,
                 const char *const *events, const PmuKernel *kernel, GError **error)
{
    g_autoptr(CounterSet) set = new_set((unsigned) CPU_COUNT(cpus));

    if (!open_page(set, source, root, error))
        return NULL;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        const CounterTarget target = { .pmu = { .tid = -1, .cpu = cpu, .kernel = kernel },
                                       .mode = PMU_MODE_SELF,
                                       .page = set->page,
                                       .vcpu = (unsigned) cpu };

        if (!CPU_ISSET(cpu, cpus))
            continue;
        if (!add_member(set, source, cpu, &target, events, error))
            return NULL;
        source = counters_source(set->members[0].counters);
    }
    return g_steal_pointer(&set);
}

/* The planner's phases with one group each: what the guest counts. */
static BudgetLayout
own_phases(const BudgetLayout *layout)
{
    BudgetLayout own = { .turn_windows = layout->turn_windows, .n_phases = layout->n_phases };

    for (unsigned i = 0; i < own.n_phases; i++) {
        BudgetPhase *phase = &own.phases[i];

        phase->guest = layout->phases[i].guest;
        phase->n_groups = phase->guest ? 1 : 0;
        phase->groups[0] = (BudgetGroup){ PMU_MODE_SELF, phase->guest };
    }
    return own;
}

CounterSet *
counter_set_open_turns(CounterSource source, const cpu_set_t *cpus, const char *const *events,
                       const BudgetLayout *layout, const PmuKernel *kernel, GError **error)
{
    g_autoptr(CounterSet) set = new_set((unsigned) CPU_COUNT(cpus));
    g_autofree BudgetLayout *own = g_new(BudgetLayout, 1);

    *own = own_phases(layout);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        const PmuTarget target = { .tid = -1, .cpu = cpu, .kernel = kernel };
        CounterTurns *turns;

        if (!CPU_ISSET(cpu, cpus))
            continue;
        turns = counter_turns_new(own, source, events, &target, error);
        if (!turns)
            return NULL;
        set->members[set->size].cpu = cpu;
        set->members[set->size].turns = turns;
        set->members[set->size].counters = counter_turns_first(turns);
        set->size++;
    }
    return g_steal_pointer(&set);
}

CounterSet *
counter_set_open_command(CounterSource source, const Sysroot *root, pid_t pid,
                         const char *const *events, GError **error)
{
    const CounterTarget target = {
        .pmu = { .tid = pid, .cpu = -1, .inherit = true, .start_on_exec = true },
        .mode = PMU_MODE_SELF,
    };
    g_autoptr(CounterSet) set = new_set(1);

    if (!open_page(set, source, root, error))
        return NULL;
    if (source == COUNTER_SOURCE_EMULATED) {
        failure_set(error, FAILURE_UNSUPPORTED,
                    "the emulated page counts the whole guest, not one command");
        return NULL;
    }
    if (!add_member(set, source, -1, &target, events, error))
        return NULL;
    if (set->page && source == COUNTER_SOURCE_AUTO &&
        counters_source(set->members[0].counters) == COUNTER_SOURCE_SOFTWARE &&
        *counters_problem(set->members[0].counters)) {
        failure_set(error, FAILURE_UNSUPPORTED, "only the emulated page counts these events");
        return NULL;
    }
    return g_steal_pointer(&set);
}

void
counter_set_close(CounterSet *set)
{
    if (!set)
        return;

    for (unsigned i = 0; i < set->size; i++) {
        if (set->members[i].turns)
            counter_turns_free(set->members[i].turns);
        else
            counters_close(set->members[i].counters);
    }
    emulated_close(set->page);
    g_free(set);
}

unsigned
counter_set_size(const CounterSet *set)
{
    return set->size;
}

int
counter_set_cpu(const CounterSet *set, unsigned i)
{
    return set->members[i].cpu;
}

Counters *
counter_set_at(const CounterSet *set, unsigned i)
{
    return set->members[i].counters;
}

bool
counter_set_has_turns(const CounterSet *set)
{
    return set->size > 0 && set->members[0].turns;
}

bool
counter_set_restart_turns(CounterSet *set, GError **error)
{
    for (unsigned i = 0; i < set->size; i++)
        if (set->members[i].turns && !counter_turns_restart(set->members[i].turns, error))
            return false;
    return true;
}

bool
counter_set_read(CounterSet *set, unsigned i, uint64_t windows, CounterReading *ret_reading,
                 unsigned *ret_turn, GError **error)
{
    CounterReading by_mode[COUNTER_TURNS_MODES];
    CounterTurns *turns = set->members[i].turns;

    if (turns) {
        if (!counter_turns_tick(turns, windows, by_mode, error))
            return false;
        *ret_reading = by_mode[PMU_MODE_SELF];
        *ret_turn = counter_turns_phase(turns);
        return true;
    }
    *ret_turn = 0;
    return counters_read(set->members[i].counters, ret_reading, error);
}

static void
add_reading(CounterReading *sum, const CounterReading *reading)
{
    for (unsigned i = 0; i < sum->n_values; i++)
        sum->values[i] =
            sum->values[i] == COUNTER_NOT_COUNTED || reading->values[i] == COUNTER_NOT_COUNTED
                ? COUNTER_NOT_COUNTED
                : sum->values[i] + reading->values[i];
    sum->enabled_ns += reading->enabled_ns;
    sum->running_ns += reading->running_ns;
    sum->restarted |= reading->restarted;
}

bool
counter_set_read_sum(CounterSet *set, CounterReading *ret_sum, GError **error)
{
    CounterReading sum = { .n_values = counters_n_events(set->members[0].counters) };

    for (unsigned i = 0; i < set->size; i++) {
        CounterReading reading;

        if (!counters_read(set->members[i].counters, &reading, error))
            return false;
        add_reading(&sum, &reading);
    }
    *ret_sum = sum;
    return true;
}

bool
counter_set_rearm(CounterSet *set, GError **error)
{
    for (unsigned i = 0; i < set->size; i++)
        if (!counters_rearm(set->members[i].counters, error))
            return false;
    return true;
}
